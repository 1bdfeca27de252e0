// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import {
  BatchEventProcessor,
  EventFactory,
  FileDatafileCache,
  FileEventStore,
  NotificationCenter,
  OptimizelyEventExporter,
  OptimizelySpanProcessor,
  PollingProjectConfigManager,
  StaticProjectConfigManager,
  shutdownOnSignals,
  UndiciEventDispatcher,
  UserEventFactory,
} from 'opentelemetry-exporter-optimizely';
import { OptimizelyLogRecordProcessor } from 'opentelemetry-exporter-optimizely/logs';
import {
  OptimizelyHook,
  trackConversion,
  withConversions,
} from 'opentelemetry-exporter-optimizely/openfeature';
import { createSpanEventDispatcher } from 'opentelemetry-exporter-optimizely/optimizely-sdk';
import { InMemoryEventDispatcher, startLocalEventsEndpoint } from 'opentelemetry-exporter-optimizely/testing';
import { readPage, tableRows } from './docs/markdown.js';
import { OPTIONS_OWNERS } from './docs/option-tables.js';
import { makeDatafile } from './support/datafile.js';
import { diagLogger } from './support/diag-logger.js';
import { ManualExporter, RecordingDispatcher, RecordingLogger } from './support/fakes.js';
import { ManualRuntime, settle } from './support/manual-runtime.js';

type Options = Record<string, unknown>;

const undone: (() => unknown)[] = [];

function makeProcessor(options: object = {}) {
  const processor = new OptimizelySpanProcessor({
    datafile: makeDatafile(),
    eventDispatcher: new RecordingDispatcher(),
    runtime: new ManualRuntime(),
    ...options,
  });
  undone.push(() => void processor.shutdown());
  return processor;
}

/** How each is made with nothing but what it requires and these options. Returns what it made, or a promise of it. */
const MAKE: Record<string, (options: Options) => unknown> = {
  OptimizelySpanProcessor: makeProcessor,
  BatchEventProcessor: options =>
    new BatchEventProcessor({ eventDispatcher: new RecordingDispatcher(), ...options }),
  OptimizelyEventExporter: options =>
    new OptimizelyEventExporter({ eventDispatcher: new RecordingDispatcher(), ...options }),
  EventFactory: options => new EventFactory(options),
  UndiciEventDispatcher: options => new UndiciEventDispatcher(options),
  PollingProjectConfigManager(options) {
    const manager = new PollingProjectConfigManager({
      urlTemplate: 'http://127.0.0.1:9/%s.json',
      sdkKey: 'key',
      runtime: new ManualRuntime(),
      ...options,
    });
    undone.push(() => manager.stop());
  },
  StaticProjectConfigManager: options => new StaticProjectConfigManager(options),
  FileEventStore(options) {
    const directory = mkdtempSync(join(tmpdir(), 'optimizely-names-'));
    undone.push(() => rmSync(directory, { recursive: true }));
    const eventStore = new FileEventStore({ directory, ...options });
    makeProcessor({ eventStore, logger: options.logger });
  },
  FileDatafileCache: options => new FileDatafileCache({ directory: '/tmp', ...options }),
  NotificationCenter: options => new NotificationCenter(options),
  UserEventFactory: options => new UserEventFactory(options),
  OptimizelyLogRecordProcessor: options => new OptimizelyLogRecordProcessor(makeProcessor(), options),
  createSpanEventDispatcher: options => createSpanEventDispatcher(makeProcessor(), options),
  OptimizelyHook: options => new OptimizelyHook(options),
  withConversions: options => withConversions({}, options),
  trackConversion: options => trackConversion('purchase', { targetingKey: 'v' }, {}, options),
  shutdownOnSignals: options => undone.push(shutdownOnSignals({ shutdown: async () => {} }, options)),
  InMemoryEventDispatcher: options => new InMemoryEventDispatcher(options),
  async startLocalEventsEndpoint(options) {
    const endpoint = await startLocalEventsEndpoint(options);
    undone.push(() => endpoint.close());
  },
};

describe('option names', () => {
  const heard = diagLogger();

  afterEach(async () => {
    for (const undo of undone.splice(0)) await undo();
    await settle();
  });

  it('are looked at by everything that takes options', () => {
    expect(Object.keys(MAKE)).to.have.members(OPTIONS_OWNERS.map(({ name }) => name));
  });

  for (const { name, table } of OPTIONS_OWNERS) {
    it(`that ${name} does not have are told once, at warn, with those that are not set left out`, async () => {
      const logger = new RecordingLogger();
      const options = {
        nonsuch: 1,
        unset: undefined,
        ...('logger' in table || name === 'FileEventStore' ? { logger } : {}),
      };
      await MAKE[name]?.(options);
      const told = [...logger.at('warn'), ...heard.at('warn')].filter(line => line.includes(name));
      const also = name === 'FileEventStore' ? ', logger' : '';
      expect(told).to.deep.equal([`${name} ignores options that it does not have: nonsuch${also}`]);
    });
  }

  const misspelled: [string, string, string][] = [
    ['OptimizelySpanProcessor', 'flushInterval', 'flushIntervalMillis, in milliseconds'],
    ['OptimizelySpanProcessor', 'flushIntervalMs', 'flushIntervalMillis, in milliseconds'],
    ['OptimizelySpanProcessor', 'flush_interval', 'flushIntervalMillis, in milliseconds'],
    ['OptimizelySpanProcessor', 'bacthSize', 'batchSize'],
    ['OptimizelySpanProcessor', 'batch_size', 'batchSize'],
    ['OptimizelySpanProcessor', 'BatchSize', 'batchSize'],
    ['OptimizelySpanProcessor', 'eventBatchSize', 'batchSize'],
    ['OptimizelySpanProcessor', 'maxExportBatchSize', 'batchSize'],
    ['OptimizelySpanProcessor', 'eventFlushInterval', 'flushIntervalMillis, in milliseconds'],
    ['OptimizelySpanProcessor', 'scheduledDelayMillis', 'flushIntervalMillis, in milliseconds'],
    ['OptimizelySpanProcessor', 'exportTimeoutMillis', 'requestTimeoutMillis, in milliseconds'],
    ['OptimizelySpanProcessor', 'timeout_interval', 'timeoutIntervalMillis, in milliseconds'],
    ['OptimizelySpanProcessor', 'dispatcher', 'eventDispatcher'],
    ['OptimizelySpanProcessor', 'event_dispatcher', 'eventDispatcher'],
    ['OptimizelySpanProcessor', 'sdk_key', 'sdkKey'],
    ['OptimizelySpanProcessor', 'maxAgeMillis', 'retry.maxAgeMillis, in milliseconds'],
    ['OptimizelySpanProcessor', 'url', 'endpoint'],
    ['BatchEventProcessor', 'eventMaxQueueSize', 'maxQueueSize'],
    ['PollingProjectConfigManager', 'updateInterval', 'updateIntervalMillis, in milliseconds'],
    ['PollingProjectConfigManager', 'url_template', 'urlTemplate'],
    ['PollingProjectConfigManager', 'accessToken', 'datafileAccessToken'],
    ['PollingProjectConfigManager', 'timeout', 'requestTimeoutMillis, in milliseconds'],
    ['FileEventStore', 'maxSize', 'maxBytes'],
    ['StaticProjectConfigManager', 'datafiles', 'datafile'],
    ['UndiciEventDispatcher', 'requestTimeout', 'requestTimeoutMillis, in milliseconds'],
  ];
  for (const [owner, unknown, meant] of misspelled) {
    it(`${unknown} of ${owner} is ${meant} here`, async () => {
      const logger = new RecordingLogger();
      await MAKE[owner]?.({ [unknown]: 30, logger });
      expect(logger.at('warn').join()).to.include(`${unknown} (did you mean ${meant}?)`);
    });
  }

  it('of options within options are told by their full name', () => {
    const logger = new RecordingLogger();
    makeProcessor({
      retry: { maxDelay: 1 },
      dedupe: { window: 1 },
      evaluationEvents: { dedup: true },
      logger,
    });
    expect(logger.at('warn')).to.deep.equal([
      'OptimizelySpanProcessor ignores options that it does not have: ' +
        'retry.maxDelay (did you mean retry.maxDelayMillis, in milliseconds?), ' +
        'dedupe.window (did you mean dedupe.windowMillis, in milliseconds?), ' +
        'evaluationEvents.dedup (did you mean evaluationEvents.dedupe?)',
    ]);
  });

  it('of Optimizely’s SDKs are known as docs/migration.md has them', () => {
    const rows = tableRows(readPage('docs/migration.md').split('\n')).flatMap(
      ([theirs = '', , ours = '']) => {
        const [from, to] = [theirs, ours].map(cell => /^`([\w.]+)`$/.exec(cell)?.[1]);
        return from && to ? [[from.split('.').at(-1) ?? '', to]] : [];
      },
    );
    expect(rows).to.have.length.above(12);
    for (const [theirs = '', ours = ''] of rows) {
      if (theirs === ours) continue;
      const owner =
        ours === 'updateIntervalMillis' ? 'PollingProjectConfigManager' : 'OptimizelySpanProcessor';
      const logger = new RecordingLogger();
      MAKE[owner]?.({ [theirs]: 7, logger });
      expect(logger.at('warn').join(), theirs).to.match(new RegExp(`\\(did you mean ${ours}[,?]`));
    }
  });

  it('are not repeated where they may be a user’s data, and are few', () => {
    const logger = new RecordingLogger();
    const users = Object.fromEntries(
      Array.from({ length: 500 }, (_, n) => [`user ${n}@example.org\n`, true]),
    );
    makeProcessor({ ...users, logger });
    const [line = ''] = logger.at('warn');
    expect(line).not.to.include('example.org');
    expect(line).to.include('and 495 more');
    expect(line.length).to.be.below(500);
  });

  it('of options that an exporter is given do not reach the processor’s', () => {
    const logger = new RecordingLogger();
    makeProcessor({ eventDispatcher: undefined, exporter: new ManualExporter(), logger });
    expect(logger.lines).to.deep.equal([]);
  });
});
