// SPDX-License-Identifier: Apache-2.0
import { run } from './child.js';
import type { Row, Size } from './row.js';

const SHALLOW = 1_000;
const HELD = 'held until start()';

/** A fresh process for each round measures every depth, see `depth-child.ts`; 1,000 against 1,000 is the noise. */
export function rows({ short }: Size): Row[] {
  const depths = short ? [SHALLOW, 10_000] : [SHALLOW, 10_000, 100_000, 1_000_000];
  const [windows, warmUp] = short ? [2, 1_000] : [40, 50_000];
  return ['in line, dispatcher hangs', HELD].flatMap(where => {
    const rounds: Promise<number[]>[] = [];
    /** Of the child's figures the first warms up, the second is the peer's, the others are those of `depths`. */
    const figure = async (round: number, index: number) => {
      const args = [where === HELD ? 'held' : 'in-line', windows, warmUp, SHALLOW, SHALLOW, ...depths];
      rounds[round] ??= run<number[]>('./depth-child.ts', args.map(String)).then(([nanos]) => nanos ?? []);
      return (await rounds[round])[index] ?? Number.NaN;
    };
    return depths.map(
      (depth, index): Row => ({
        name: `recordConversion with ${depth.toLocaleString('en')} queued, ${where}`,
        peer: `with ${SHALLOW.toLocaleString('en')}${depth === SHALLOW ? ' (noise)' : ''}`,
        unit: 'ns',
        target: { atMost: 1.1 },
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
