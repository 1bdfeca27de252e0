// SPDX-License-Identifier: Apache-2.0

import type { FirstAndLater } from './first-dispatch-child.js';
import { run } from './harness/child.js';
import type { Figures, Row, Size } from './harness/row.js';
import { startServer } from './harness/server.js';

/**
 * The first request of a process that was idle before, and the same later on; each pair of figures is of a process of its
 * own. Bare undici, loaded before, shows what its own code takes when it runs for the first time.
 */
export function rows({ short }: Size): Row[] {
  const row = (by: 'ours' | 'bare', measure: 'cpu' | 'block'): Row => ({
    name: `the first dispatch${by === 'bare' ? ' by bare undici, loaded before' : ''}, ${NAMES[measure]}`,
    peer: 'a later one',
    unit: 'ms',
    ...(by === 'ours' && measure === 'cpu' && { target: { atMostMore: 5 } }),
    rounds: 9,
    warmUps: short ? 0 : 1,
    open: async () => {
      const server = await startServer();
      return { both: () => figuresOf(by, measure, server.url), close: () => server.end() };
    },
  });
  return [row('ours', 'cpu'), row('bare', 'cpu'), row('ours', 'block'), row('bare', 'block')];
}

const NAMES = { cpu: 'CPU time', block: 'longest block of the event loop' };

async function figuresOf(by: string, measure: string, url: string): Promise<Figures> {
  const [figures] = await run<FirstAndLater>('first-dispatch-child.ts', [by, measure, url]);
  return { ours: figures?.first ?? Number.NaN, theirs: figures?.later ?? Number.NaN };
}
