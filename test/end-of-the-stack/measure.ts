// SPDX-License-Identifier: Apache-2.0
import { BatchEventProcessor, OptimizelySpanProcessor } from 'opentelemetry-exporter-optimizely';
import { makeDatafile } from '../support/datafile.js';
import { atTheEndOfTheStack } from '../support/end-of-the-stack.js';
import { RecordingDispatcher, RecordingLogger } from '../support/fakes.js';
import { ManualRuntime, settle } from '../support/manual-runtime.js';
import { CASES, type Case } from './cases.js';

/** What became of the calls of one case. */
export interface Measured {
  calls: number;
  thrown: number;
  /** Events of calls that returned, less those that the ledger has. */
  uncounted: number;
  /** Events that the ledger has, less those of which it says where they are, wherever it was asked. */
  unbalanced: number;
  pending: number;
  sentTwice: number;
  delivered: number;
  dropped: Record<string, number>;
}

const FRAMES = 80;
const OFFSETS = 12;
const sink = (levels: number): number => (levels === 0 ? 0 : 1 + sink(levels - 1));

type Processor = Pick<BatchEventProcessor, 'ledger' | 'process' | 'flush' | 'stop'>;

function makeProcessor({ options, isBatching }: Case) {
  const runtime = new ManualRuntime();
  const dispatcher = new RecordingDispatcher();
  const shared = { runtime, eventDispatcher: dispatcher, logger: new RecordingLogger() };
  const processor: Processor = isBatching
    ? new BatchEventProcessor({ ...shared, startOnInit: true })
    : new OptimizelySpanProcessor({ ...shared, datafile: makeDatafile(), ...options });
  return { processor, dispatcher, runtime };
}

function unbalancedOf(processor: Processor): number {
  const { recorded, delivered, pending, dropped } = processor.ledger();
  const left = recorded - delivered - pending;
  return Math.abs(Object.values(dropped).reduce((rest, count) => rest - count, left));
}

async function measureAt(offset: number, one: Case, sum: Measured): Promise<void> {
  const { processor, dispatcher, runtime } = makeProcessor(one);
  const call = one.prepare(processor as OptimizelySpanProcessor, FRAMES + 1);
  let returned = 0;
  atTheEndOfTheStack(FRAMES, offset, () => {
    sink(one.ownFrames ?? 8);
    try {
      const answer = call();
      if (answer instanceof Promise) answer.catch(() => sum.thrown++);
      returned++;
    } catch {
      sum.thrown++;
    }
  });
  sum.unbalanced += unbalancedOf(processor);
  one.unwound?.(processor as OptimizelySpanProcessor);
  await settle();
  sum.unbalanced += unbalancedOf(processor);
  await runtime.advance(31_000);
  await processor.flush();
  sum.unbalanced += unbalancedOf(processor);
  const { recorded, delivered, pending, dropped } = processor.ledger();
  sum.calls += returned;
  sum.uncounted += returned * (one.events ?? 1) - recorded;
  sum.pending += pending;
  sum.delivered += delivered;
  for (const [reason, count] of Object.entries(dropped))
    sum.dropped[reason] = (sum.dropped[reason] ?? 0) + count;
  const uuids = dispatcher.visitors.map(visitor => visitor.snapshots[0]?.events[0]?.uuid);
  sum.sentTwice += uuids.length - new Set(uuids).size;
  await processor.stop();
}

for (const [name, one] of Object.entries(CASES)) {
  const sum: Measured = {
    ...{ calls: 0, thrown: 0, uncounted: 0, unbalanced: 0, pending: 0, sentTwice: 0, delivered: 0 },
    dropped: {},
  };
  for (let offset = 0; offset < OFFSETS; offset++) await measureAt(offset, one, sum);
  process.stdout.write(`${JSON.stringify({ [name]: sum })}\n`);
}
