// SPDX-License-Identifier: Apache-2.0
import type { Readable } from 'node:stream';
import { systemRuntime } from '../util/system-runtime.js';

/** Nothing in an answer's body matters; this much is read so that the connection can be used again. */
export const DRAINED_BYTES = 65_536;
/** As `DRAINED_BYTES`, in time. */
export const DRAINED_MILLIS = 1_000;

/** Reads a body that is not needed to its end; a long one, a slow one and one that breaks cost the connection only. */
export function drain(body: Readable): void {
  let bytesLeft = DRAINED_BYTES;
  const timer = systemRuntime.setTimer(() => body.destroy(), DRAINED_MILLIS);
  body
    .on('error', () => {})
    .on('close', () => timer.clear())
    .on('data', (chunk: Buffer) => {
      bytesLeft -= chunk.length;
      if (bytesLeft < 0) body.destroy();
    });
}
