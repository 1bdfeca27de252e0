// SPDX-License-Identifier: Apache-2.0
import { run } from './harness/child.js';
import type { Row, Size } from './harness/row.js';

const SHALLOW = 1_000;
/** Where events are, and what holds them there; the plain way shows what V8 asks for what is kept. */
const PLACES = {
  'in-line': 'recordConversion with {} queued, in line, dispatcher hangs',
  held: 'recordConversion with {} queued, held until start()',
  plain: 'JSON.stringify(visitor) with {} kept in an array',
} as const;

/** A fresh process for each round measures every depth, see `depth-child.ts`; 1,000 against 1,000 is the noise. */
export function rows({ short }: Size): Row[] {
  const depths = short ? [SHALLOW, 10_000] : [SHALLOW, 10_000, 100_000, 1_000_000];
  const [windows, warmUp] = short ? [2, 1_000] : [40, 50_000];
  return Object.entries(PLACES).flatMap(([place, name]) => {
    const rounds: Promise<number[]>[] = [];
    /** Of the child's figures the first warms up, the second is the peer's, the others are those of `depths`. */
    const figure = async (round: number, index: number) => {
      const args = [place, windows, warmUp, SHALLOW, SHALLOW, ...depths];
      rounds[round] ??= run<number[]>('depth-child.ts', args.map(String)).then(([nanos]) => nanos ?? []);
      return (await rounds[round])[index] ?? Number.NaN;
    };
    return depths.map(
      (depth, index): Row => ({
        name: name.replace('{}', depth.toLocaleString('en')),
        peer: `with ${SHALLOW.toLocaleString('en')}${depth === SHALLOW ? ' (noise)' : ''}`,
        unit: 'ns',
        ...(place === 'plain' ? {} : { target: { atMost: 1.1 } }),
        rounds: 7,
        warmUps: 0,
        open: () => {
          const round = { ours: 0, theirs: 0 };
          return { ours: () => figure(round.ours++, index + 2), theirs: () => figure(round.theirs++, 1) };
        },
      }),
    );
  });
}
