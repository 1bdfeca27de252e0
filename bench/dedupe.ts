// SPDX-License-Identifier: Apache-2.0
import type { OptimizelySpanProcessorOptions } from 'opentelemetry-exporter-optimizely';
import { cpuNanosEach } from './harness/compare.js';
import type { Row, Size } from './harness/row.js';
import { CountingDispatcher, deliverAll, makeProcessor, registerContextManager } from './ours.js';
import { type ImpressionInput, inputs, inTurns, makeImpression } from './workload.js';

type Dedupe = OptimizelySpanProcessorOptions['dedupe'];

/** Impressions that are all new: each is remembered, and past `maxEntries` another one is forgotten for it. */
export function rows({ short }: Size): Row[] {
  registerContextManager();
  const count = short ? 1_000 : 20_000;
  const row = (maxEntries: number): Row => ({
    name: `impressions with dedupe, ${maxEntries.toLocaleString('en')} remembered, CPU time`,
    peer: 'without dedupe',
    unit: 'ns',
    target: { atMost: 3 },
    // Past `maxEntries` before the first round.
    warmUps: Math.ceil(maxEntries / count) + 2,
    open: () => open(count, { maxEntries }),
  });
  return [row(10_000), ...(short ? [] : [row(100_000)])];
}

function open(count: number, dedupe: Dedupe) {
  const [ours, theirs] = [makeSide(count, dedupe), makeSide(count, undefined)];
  return {
    ours: ours.round,
    theirs: theirs.round,
    close: async () => {
      await Promise.all([ours.processor.shutdown(), theirs.processor.shutdown()]);
    },
  };
}

function makeSide(count: number, dedupe: Dedupe) {
  const processor = makeProcessor({ eventDispatcher: new CountingDispatcher(), dedupe });
  let rounds = 0;
  const round = async () => {
    rounds++;
    const events = inputs(count, n => makeImpression(n, `user-${rounds}-${n}`));
    return cpuNanosEach(count, async () => {
      await inTurns(count, n => processor.recordImpression(events[n] as ImpressionInput));
      await deliverAll(processor);
    });
  };
  return { processor, round };
}
