// SPDX-License-Identifier: Apache-2.0
import { inChunks, inRounds, type Peer } from './call-by-call.js';
import { floorOf } from './floor-text.js';
import type { Row, Size } from './harness/row.js';
import { registerContextManager, requireSameInformation } from './ours.js';
import { CONVERSION, IMPRESSION, type Kind } from './plain-kinds.js';

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
    const makePeer = (events: readonly T[]) => makeFloor(kind, batchSize, events);
    const comparison = { kind, count, batchSize, makePeer };
    return [
      { ...row, name: `${name}, chunks`, open: () => inChunks(comparison) },
      { ...row, name: `${name}, CPU time`, open: () => inRounds(comparison) },
    ];
  });
}

function makeFloor<T>(kind: Kind<T>, batchSize: number, events: readonly T[]): Peer {
  const floor = floorOf(kind.name === CONVERSION.name, batchSize);
  return {
    record: n => void floor.record(events[n] as never),
    check: ourLastBody => requireSameInformation(JSON.parse(ourLastBody), JSON.parse(floor.lastBody())),
  };
}
