// SPDX-License-Identifier: Apache-2.0
import { setTimeout } from 'node:timers/promises';
import { cpuNanosEach } from './compare.js';
import { CountingDispatcher, deliverAll, makeProcessor, registerContextManager } from './ours.js';
import type { Row, Size } from './row.js';
import { type ConversionInput, inputs, inTurns, makeConversion } from './workload.js';

const IDLE_MILLIS = 50;
/** Until V8 has optimized again what it discarded. */
const ROUNDS_TO_RECOVER = 3;

/**
 * What a full collection costs an idle service beyond itself: V8 discards optimized code whose hidden classes have no
 * object left. Other rows are collected before their first round only.
 */
export function rows({ short }: Size): Row[] {
  registerContextManager();
  const count = short ? 1_000 : 10_000;
  return [
    {
      name: `the first ${count.toLocaleString('en')} conversions after a full collection while idle, CPU time`,
      peer: 'the same without the collection',
      unit: 'ns',
      target: { atMost: 2 },
      rounds: 9,
      warmUps: 3,
      open: () => open(count, short),
    },
  ];
}

function open(count: number, short: boolean) {
  const events = inputs(count, makeConversion);
  const processor = makeProcessor({ eventDispatcher: new CountingDispatcher() });
  const round = () =>
    cpuNanosEach(count, async () => {
      await inTurns(count, n => processor.recordConversion(events[n] as ConversionInput));
      await deliverAll(processor);
    });
  return {
    both: async () => {
      for (let n = 0; n < (short ? 0 : ROUNDS_TO_RECOVER); n++) await round();
      const theirs = await round();
      await setTimeout(IDLE_MILLIS);
      globalThis.gc?.();
      await setTimeout(IDLE_MILLIS);
      return { ours: await round(), theirs };
    },
    close: () => processor.shutdown(),
  };
}
