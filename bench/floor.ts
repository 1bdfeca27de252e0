// SPDX-License-Identifier: Apache-2.0

import { floorOf } from './floor-text.js';
import { cpuNanosEach } from './harness/compare.js';
import { interleave } from './harness/interleaved.js';
import type { Row, Size } from './harness/row.js';
import {
  CountingDispatcher,
  deliverAll,
  makeProcessor,
  registerContextManager,
  requireSameInformation,
} from './ours.js';
import { CONVERSION, IMPRESSION, type Kind } from './plain-kinds.js';
import { inputs, inTurns } from './workload.js';

/**
 * How far from what is possible: the peer is written for this one workload, with everything that was found to be fast, and
 * makes the same bodies. It checks what the package checks of an input that has no fault; it has no queue, no bounds, no
 * ledger, no listeners, no retries and no privacy filter.
 */
export function rows({ short }: Size): Row[] {
  registerContextManager();
  const count = short ? 1_000 : 50_000;
  return [...rowsOf(CONVERSION, count), ...rowsOf(IMPRESSION, count)];
}

function rowsOf<T>(kind: Kind<T>, count: number): Row[] {
  return [10, 1_000].flatMap((batchSize): Row[] => {
    const name = `${kind.name} to body, batches of ${batchSize}`;
    const row = { peer: 'the floor: code for this workload alone', unit: 'ns', rounds: 9 } as const;
    return [
      { ...row, name: `${name}, chunks`, open: () => open(kind, count, batchSize, false) },
      { ...row, name: `${name}, CPU time`, open: () => open(kind, count, batchSize, true) },
    ];
  });
}

function open<T>(kind: Kind<T>, count: number, batchSize: number, inRounds: boolean) {
  const events = inputs(count, kind.make);
  const eventDispatcher = new CountingDispatcher();
  const processor = makeProcessor({ batchSize, eventDispatcher });
  const floor = floorOf(kind.name === CONVERSION.name, batchSize);
  const ours = (n: number) => void kind.record(events[n] as T);
  const theirs = (n: number) => void floor.record(events[n] as never);
  const close = async () => {
    requireSameInformation(JSON.parse(eventDispatcher.lastBody), JSON.parse(floor.lastBody()));
    await processor.shutdown();
  };
  if (!inRounds) {
    const both = async () => {
      const figures = await interleave(count, ours, theirs);
      await deliverAll(processor);
      return figures;
    };
    return { both, close };
  }
  return {
    ours: () =>
      cpuNanosEach(count, async () => {
        await inTurns(count, ours);
        await deliverAll(processor);
      }),
    theirs: () => cpuNanosEach(count, () => inTurns(count, theirs)),
    close,
  };
}
