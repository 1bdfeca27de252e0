// SPDX-License-Identifier: Apache-2.0
import { run } from './harness/child.js';
import type { Row, Size } from './harness/row.js';

/**
 * Our events wait in the default batches of 10 behind a dispatcher that hangs, which is where they are in an outage. The
 * peer that is judged against is the official SDK at its leanest: events in its queue, no batch full yet. In batches of
 * 10, handed to a dispatcher that hangs, it keeps them twice. Each figure is one of a fresh process, see
 * `heap-child.ts`.
 */
export function rows({ short }: Size): Row[] {
  const count = short ? 2_000 : 10_000;
  const row = (letters: string, user: string, peer: OfficialQueue, atMost?: number): Row => ({
    name: `heap of a queued conversion, ${letters}`,
    peer: `official SDK, ${peer === 'queued' ? 'in its queue' : 'in batches of 10 that hang'}`,
    unit: 'bytes',
    ...(atMost !== undefined && { target: { atMost } }),
    rounds: 7,
    warmUps: 0,
    open: () => ({
      ours: () => bytesOf('ours', user, count),
      theirs: () => bytesOf(peer, user, count),
    }),
  });
  return [
    row('Latin-1', 'user', 'queued', 0.5),
    row('one character outside', 'user✓', 'queued', 0.9),
    row('Latin-1', 'user', 'in-batches'),
  ];
}

type OfficialQueue = 'queued' | 'in-batches';

async function bytesOf(side: string, user: string, count: number): Promise<number> {
  const [bytes] = await run<number>('heap-child.ts', [side, user, String(count)]);
  if (bytes === undefined || bytes <= 0) throw new Error(`${side}: no figure`);
  return bytes;
}
