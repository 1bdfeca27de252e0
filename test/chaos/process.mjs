// SPDX-License-Identifier: Apache-2.0
import { openSync, writeSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import {
  FileEventStore,
  OptimizelySpanProcessor,
  StaticProjectConfigManager,
  shutdownOnSignals,
} from 'opentelemetry-exporter-optimizely';

/** See `ProcessOrder` in process.ts. */
const order = JSON.parse(process.argv[2]);

// Whoever started us is gone: nobody will end us.
process.stdin.on('close', () => process.exit(3)).resume();

/** The status file: what the parent knows of us, whatever ends us. Four bytes each: acknowledged, refused. */
const status = openSync(order.status, 'r+');
const counters = Buffer.alloc(8);
const said = { adoptions: 0, problem: undefined };

function acknowledge(count, refused) {
  counters.writeUInt32LE(count, 0);
  counters.writeUInt32LE(refused ? 1 : 0, 4);
  writeSync(status, counters, 0, counters.length, 0);
}

function tellLedger(ended) {
  const ledger = processor.ledger();
  const { recorded, recovered, delivered, stored, pending, dropped } = ledger;
  const lost = Object.values(dropped).reduce((sum, count) => sum + count, 0);
  if (recorded + recovered !== delivered + stored + pending + lost) {
    said.problem ??= `the ledger does not add up: ${JSON.stringify(ledger)}`;
  }
  const text = JSON.stringify({ ended, ...said, ledger });
  writeSync(status, text.padEnd(order.statusBytes - counters.length), counters.length);
  return ledger;
}

class CountingStore extends FileEventStore {
  open(host) {
    super.open({
      ...host,
      adopted(count) {
        said.adoptions++;
        host.adopted(count);
      },
      lost(count) {
        said.problem ??= `${count} records could not be read back`;
        host.lost(count);
      },
    });
  }
}

const projectConfigManager = new StaticProjectConfigManager(
  order.datafileAfterMillis > 0 ? {} : { datafile: order.datafile },
);
if (order.datafileAfterMillis > 0) {
  setTimeout(() => projectConfigManager.setDatafile(order.datafile), order.datafileAfterMillis);
}

/** The real one, but what the store does twice a minute it does every second or two. */
const runtime = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  random: () => Math.random(),
  uuid: () => crypto.randomUUID(),
  setTimer(callback, millis) {
    const timer = setTimeout(callback, millis > 10_000 ? millis / 20 : millis);
    timer.unref();
    return { clear: () => clearTimeout(timer), ref: () => timer.ref() };
  },
};

const silent = () => {};
const log = level => message => process.stderr.write(`${level} ${message}\n`);
const logger = order.talks
  ? { error: log('error'), warn: log('warn'), info: log('info'), debug: silent }
  : { error: silent, warn: silent, info: silent, debug: silent };

const processor = new OptimizelySpanProcessor({
  ...order.processor,
  projectConfigManager,
  eventStore: new CountingStore({ directory: order.directory }),
  runtime,
  logger,
});

let stopping = false;
shutdownOnSignals({
  async shutdown() {
    stopping = true;
    await processor.shutdown();
    tellLedger(true);
  },
});

// The same as in book.ts.
function record(number, index) {
  const uuid = `${number.toString(16).padStart(8, '0')}-0000-4000-8000-${index.toString(16).padStart(12, '0')}`;
  const common = {
    userId: `visitor ${number}/${index} ✓`,
    timestamp: 1_700_000_000_000 + index,
    uuid,
    attributes: { plan: index % 2 === 0 ? 'pro' : 'free', country: 'Perú' },
  };
  const taken =
    index % 3 === 2
      ? processor.recordConversion({ ...common, eventKey: 'purchase', tags: { revenue: index, note: '“x”' } })
      : processor.recordImpression({
          ...common,
          flagKey: 'checkout',
          ruleKey: 'checkout_test',
          variationKey: index % 2 === 0 ? 'control' : 'treatment',
        });
  if (taken !== undefined && taken !== uuid) said.problem ??= `recorded ${uuid} as ${taken}`;
  return taken !== undefined;
}

tellLedger(false);
setInterval(() => tellLedger(false), 50);

/** Applications flush now and then; who has nothing to record does so all the time. */
async function flush() {
  while (!stopping) {
    await pause(Math.random() * order.flushPauseMillis);
    await processor.forceFlush();
  }
}
void flush();

let recorded = 0;
let refused = false;
while (recorded < order.quota && !refused) {
  await pause(Math.random() * 6);
  // Paced by what is delivered, be it of this process or of one before it: on a slow machine all is slow.
  const mayBeAhead = order.lead + processor.ledger().delivered - recorded;
  // While it shuts down it goes on until it is told that events are refused.
  const burst = Math.min(200, stopping ? 1 : mayBeAhead, order.quota - recorded);
  for (let left = burst; left > 0 && !refused; left--) {
    refused = !record(order.number, recorded);
    if (!refused) recorded++;
    acknowledge(recorded, refused);
    if (refused && !stopping) {
      said.problem ??= `an event was refused: ${JSON.stringify(processor.ledger().dropped)}`;
    }
  }
}
