// SPDX-License-Identifier: Apache-2.0
import { run } from './child.js';
import type { Row, Size } from './row.js';

/** Default batches, both sides' dispatchers hang. Each figure is one of a fresh process, see `heap-child.ts`. */
export function rows({ short }: Size): Row[] {
  const count = short ? 2_000 : 10_000;
  const row = (letters: string, user: string, atMost: number): Row => ({
    name: `heap of a queued conversion, ${letters}`,
    peer: 'official, dispatcher hangs',
    unit: 'bytes',
    target: { atMost },
    rounds: 7,
    warmUps: 0,
    open: () => ({
      ours: () => bytesOf('ours', user, count),
      theirs: () => bytesOf('official', user, count),
    }),
  });
  return [row('Latin-1', 'user', 0.5), row('one character outside', 'user✓', 0.9)];
}

async function bytesOf(side: string, user: string, count: number): Promise<number> {
  const [bytes] = await run<number>('./heap-child.ts', [side, user, String(count)]);
  if (bytes === undefined || bytes <= 0) throw new Error(`${side}: no figure`);
  return bytes;
}
