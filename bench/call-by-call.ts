// SPDX-License-Identifier: Apache-2.0
import type { EventDispatcher } from 'opentelemetry-exporter-optimizely';
import { cpuNanosEach } from './harness/compare.js';
import { interleave, type Recorder } from './harness/interleaved.js';
import type { SidesAtOnce, SidesInTurn } from './harness/row.js';
import { CountingDispatcher, deliverAll, makeProcessor } from './ours.js';
import type { Kind } from './plain-kinds.js';
import { inputs, inTurns } from './workload.js';

/** What does for an event what a record call and its batch do, in one call. */
export interface Peer {
  readonly record: Recorder;
  /** @throws unless it has made what our last body says */
  check(ourLastBody: string): void;
}

interface Comparison<T> {
  readonly kind: Kind<T>;
  readonly count: number;
  readonly batchSize: number;
  /** Takes our bodies. @default one that reads the length of their text */
  readonly makeDispatcher?: () => EventDispatcher & { readonly lastBody: string };
  readonly makePeer: (events: readonly T[]) => Peer;
}

/** The two sides take turns after every 100 events: what the code itself takes. */
export function inChunks<T>(comparison: Comparison<T>): SidesAtOnce {
  const { count } = comparison;
  const { ours, peer, processor, close } = open(comparison);
  const both = async () => {
    const figures = await interleave(count, ours, peer.record);
    await deliverAll(processor);
    return figures;
  };
  return { both, close };
}

/** Whole rounds of each side, in CPU time: collections count, on other threads too. */
export function inRounds<T>(comparison: Comparison<T>): SidesInTurn {
  const { count } = comparison;
  const { ours, peer, processor, close } = open(comparison);
  return {
    ours: () =>
      cpuNanosEach(count, async () => {
        await inTurns(count, ours);
        await deliverAll(processor);
      }),
    theirs: () => cpuNanosEach(count, () => inTurns(count, peer.record)),
    close,
  };
}

function open<T>({ kind, count, batchSize, makePeer, makeDispatcher }: Comparison<T>) {
  const events = inputs(count, kind.make);
  const eventDispatcher = makeDispatcher?.() ?? new CountingDispatcher();
  const processor = makeProcessor({ batchSize, eventDispatcher });
  const peer = makePeer(events);
  return {
    peer,
    processor,
    ours: (n: number) => void kind.record(events[n] as T),
    close: async () => {
      peer.check(eventDispatcher.lastBody);
      await processor.shutdown();
    },
  };
}
