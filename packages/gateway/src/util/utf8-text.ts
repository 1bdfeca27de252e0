// SPDX-License-Identifier: Apache-2.0
import { isAscii, isUtf8 } from 'node:buffer';

/**
 * Gives the text of UTF-8 by places in its bytes.
 *
 * @returns undefined if the bytes are not UTF-8
 */
export function utf8Text(bytes: Uint8Array): ((start: number, end: number) => string) | undefined {
  if (!isUtf8(bytes)) return undefined;
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  if (!isAscii(bytes)) return (start, end) => buffer.toString('utf8', start, end);
  // One character is one byte: what is cut of the text costs a sixth of what making it of its bytes does.
  const text = buffer.toString('latin1');
  return (start, end) => text.slice(start, end);
}
