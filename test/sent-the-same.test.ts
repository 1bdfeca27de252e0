// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import fc from 'fast-check';
import {
  type BeforeSend,
  type Conversion,
  OptimizelySpanProcessor,
  type OptimizelySpanProcessorOptions,
  StaticProjectConfigManager,
} from 'opentelemetry-exporter-optimizely';
import { FileEventStore } from 'opentelemetry-exporter-optimizely/file-store';
import { arbitraryTags } from './support/arbitrary-datafile.js';
import { makeDatafile } from './support/datafile.js';
import { RecordingDispatcher, RecordingLogger } from './support/fakes.js';
import { settle } from './support/manual-runtime.js';

/** As classes for money have it: JSON makes a text of it, in which a number can be read. */
const price = { toJSON: () => '42.50' };

const arbitraryAmount = fc.constantFrom<unknown>(
  ...[
    new Date(0),
    new Date(Number.NaN),
    Object(42),
    Object('7'),
    price,
    { toJSON: () => 12 },
    { toJSON: () => null },
  ],
  ...[[5], true, null, undefined, Number.NaN, Number.POSITIVE_INFINITY, -0, 4.5, '12.75 EUR', ''],
);

const arbitraryConversion = fc
  .tuple(
    arbitraryTags(),
    fc.record(
      { revenue: arbitraryAmount, value: arbitraryAmount, other: arbitraryAmount },
      { requiredKeys: [] },
    ),
  )
  .map(([tags, amounts]): Conversion => {
    const all = Object.defineProperties({}, Object.getOwnPropertyDescriptors(tags));
    return {
      userId: 'ada',
      eventKey: 'purchase',
      uuid: 'uuid',
      timestamp: 1_700_000_000_000,
      tags: Object.assign(all, amounts),
    };
  });

type Way = (conversion: Conversion) => Promise<RecordingDispatcher>;

function makeProcessor(options: Partial<OptimizelySpanProcessorOptions>) {
  const eventDispatcher = new RecordingDispatcher();
  const processor = new OptimizelySpanProcessor({
    eventDispatcher,
    logger: new RecordingLogger(),
    ...(options.projectConfigManager === undefined && { datafile: makeDatafile() }),
    ...options,
  });
  return { processor, eventDispatcher };
}

function atOnce(options: Partial<OptimizelySpanProcessorOptions> = {}): Way {
  return async conversion => {
    const { processor, eventDispatcher } = makeProcessor(options);
    processor.recordConversion(conversion);
    await processor.shutdown();
    return eventDispatcher;
  };
}

function beforeTheDatafile(options: Partial<OptimizelySpanProcessorOptions> = {}): Way {
  return async conversion => {
    const projectConfigManager = new StaticProjectConfigManager();
    const { processor, eventDispatcher } = makeProcessor({ projectConfigManager, ...options });
    processor.recordConversion(conversion);
    projectConfigManager.setDatafile(makeDatafile());
    await processor.shutdown();
    return eventDispatcher;
  };
}

/** Recorded by a processor that never has a datafile, and sent by the next one. */
const inAnotherLife: Way = async conversion => {
  const directory = mkdtempSync(join(tmpdir(), 'sent-the-same-'));
  try {
    const { processor: first } = makeProcessor({
      projectConfigManager: new StaticProjectConfigManager(),
      eventStore: new FileEventStore({ directory }),
      timeoutIntervalMillis: 1,
    });
    const isTaken = first.recordConversion(conversion) !== undefined;
    await first.shutdown();
    const { processor, eventDispatcher } = makeProcessor({ eventStore: new FileEventStore({ directory }) });
    // The store takes over what the first one left in turns of its own.
    while (isTaken && processor.ledger().delivered === 0) {
      await processor.forceFlush();
      await settle();
    }
    await processor.shutdown();
    return eventDispatcher;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
};

const same: BeforeSend = event => event;
const copied: BeforeSend = event => ({ ...event });

describe('what is sent of a conversion', () => {
  for (const [name, way, numRuns] of [
    ['a beforeSend that changes nothing has seen it', atOnce({ beforeSend: same }), 300],
    ['a beforeSend has copied it', atOnce({ beforeSend: copied }), 300],
    ['it has waited for the datafile', beforeTheDatafile(), 300],
    ['it has waited, and a beforeSend has seen it', beforeTheDatafile({ beforeSend: same }), 300],
    ['it has waited for another process', inAnotherLife, 30],
  ] as const) {
    it(`is the same where ${name}, whatever its tags are`, async () => {
      const plain = atOnce();
      await fc.assert(
        fc.asyncProperty(arbitraryConversion, async conversion => {
          expect((await way(conversion)).visitors).to.deep.equal((await plain(conversion)).visitors);
        }),
        { numRuns },
      );
    });
  }
});
