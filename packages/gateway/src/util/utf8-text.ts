// SPDX-License-Identifier: Apache-2.0
import { isUtf8 } from 'node:buffer';

/**
 * Gives the text of UTF-8 by places in its bytes. Many short texts cost a quarter of a long one that is cut, for which
 * the system has to find memory.
 *
 * @returns undefined if the bytes are not UTF-8
 */
export function utf8Text(bytes: Uint8Array): ((start: number, end: number) => string) | undefined {
  if (!isUtf8(bytes)) return undefined;
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  return (start, end) => buffer.toString('utf8', start, end);
}
