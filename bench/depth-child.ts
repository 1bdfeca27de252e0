// SPDX-License-Identifier: Apache-2.0
import { randomUUID } from 'node:crypto';
import { end, send } from './harness/child.js';
import { clockNanos } from './harness/clock.js';
import { CountingDispatcher, deliverAll, makeProcessor, SILENT } from './ours.js';
import { plainConversion } from './plain-visitor.js';
import { inTurns, makeConversion } from './workload.js';

const WINDOW = 1_000;

/** Where events pile up. */
interface Pile {
  readonly size: number;
  add(n: number): void;
  clear(): unknown;
}

/**
 * What recording one more event costs while so many are queued: windows of 1,000 events at each depth, the shallow
 * ones first. A pile that has grown by half within its windows gives way to a fresh one, so that small depths stay
 * small; otherwise it grows on to the next depth. What V8 spends on the size of the heap within a window counts.
 */
const [place, windows, warmUp, ...depths] = process.argv.slice(2);
const makePile = place === 'plain' ? pileOfTexts : pileInProcessor;

if (place === 'plain') {
  const warm = pileOfTexts();
  await inTurns(Number(warmUp), n => warm.add(n));
} else {
  const warm = makeProcessor({ eventDispatcher: new CountingDispatcher() });
  await inTurns(Number(warmUp), n => warm.recordConversion(makeConversion(n)));
  await deliverAll(warm);
  await warm.shutdown();
}

let pile = makePile();
const nanos: number[] = [];
for (const depth of depths) nanos.push(await nanosAt(Number(depth)));
await send(nanos);
end();

async function nanosAt(depth: number): Promise<number> {
  let total = 0;
  for (let window = 0; window < Number(windows); window++) {
    if (pile.size >= depth * 1.5) {
      await pile.clear();
      pile = makePile();
    }
    await inTurns(Math.max(0, depth - pile.size), n => pile.add(n));
    const before = pile.size;
    const start = clockNanos();
    for (let n = 0; n < WINDOW; n++) pile.add(n);
    total += clockNanos() - start;
    if (before < depth || pile.size !== before + WINDOW) throw new Error('events went astray');
  }
  return total / (Number(windows) * WINDOW);
}

function pileInProcessor(): Pile {
  const processor = makeProcessor({
    startOnInit: place !== 'held',
    maxQueueSize: 10_000_000,
    maxQueueBytes: 2 ** 40,
    requestTimeoutMillis: 3_600_000,
    timeoutIntervalMillis: 1,
    logger: SILENT,
    eventDispatcher: { dispatchEvent: () => new Promise(() => {}) },
  });
  return {
    get size() {
      return processor.ledger().pending;
    },
    add: n => void processor.recordConversion(makeConversion(n)),
    // Else the registry of installed processors would keep its events.
    clear: () => processor.shutdown(),
  };
}

function pileOfTexts(): Pile {
  const texts: string[] = [];
  return {
    get size() {
      return texts.length;
    },
    add: n => void texts.push(JSON.stringify(plainConversion(makeConversion(n), randomUUID()))),
    clear: () => {},
  };
}
