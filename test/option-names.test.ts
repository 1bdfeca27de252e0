// SPDX-License-Identifier: Apache-2.0
import { expect } from 'chai';
import { readPage, tableRows } from './docs/markdown.js';
import { OPTIONS_OWNERS } from './docs/option-tables.js';
import { diagLogger } from './support/diag-logger.js';
import { ManualExporter, RecordingLogger } from './support/fakes.js';
import { optionMakers } from './support/option-makers.js';

describe('option names', () => {
  const heard = diagLogger();

  const { make, undo } = optionMakers();
  afterEach(undo);

  it('are looked at by everything that takes options', () => {
    expect(Object.keys(make)).to.have.members(OPTIONS_OWNERS.map(({ name }) => name));
  });

  for (const { name, table } of OPTIONS_OWNERS) {
    it(`that ${name} does not have are told once, at warn, with those that are not set left out`, async () => {
      const logger = new RecordingLogger();
      const options = {
        nonsuch: 1,
        unset: undefined,
        ...('logger' in table || name === 'FileEventStore' ? { logger } : {}),
      };
      await make[name]?.(options);
      const told = [...logger.at('warn'), ...heard.at('warn')].filter(line => line.includes(name));
      const also = name === 'FileEventStore' ? ', logger' : '';
      expect(told).to.deep.equal([`${name} ignores options that it does not have: nonsuch${also}`]);
    });
  }

  const MANAGER = 'projectConfigManager: new PollingProjectConfigManager';
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
    ['OptimizelySpanProcessor', 'flushOnExit', 'flushOnBeforeExit'],
    ['OptimizelySpanProcessor', 'hashUserIds', 'userIdHashKey'],
    ['OptimizelySpanProcessor', 'retries', 'retry'],
    [
      'OptimizelySpanProcessor',
      'pollingInterval',
      `${MANAGER}({ sdkKey, updateIntervalMillis }), in milliseconds`,
    ],
    [
      'OptimizelySpanProcessor',
      'updateIntervalMs',
      `${MANAGER}({ sdkKey, updateIntervalMillis }), in milliseconds`,
    ],
    ['OptimizelySpanProcessor', 'datafileAccessToken', `${MANAGER}({ sdkKey, datafileAccessToken })`],
    ['OptimizelySpanProcessor', 'token', `${MANAGER}({ sdkKey, datafileAccessToken })`],
    ['PollingProjectConfigManager', 'pollingInterval', 'updateIntervalMillis, in milliseconds'],
    ['BatchEventProcessor', 'retries', 'retry'],
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
      await make[owner]?.({ [unknown]: 30, logger });
      expect(logger.at('warn').join()).to.include(`${unknown} (did you mean ${meant}?)`);
    });
  }

  it('of options within options are told by their full name', () => {
    const logger = new RecordingLogger();
    make.OptimizelySpanProcessor?.({
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
      make[owner]?.({ [theirs]: 7, logger });
      expect(logger.at('warn').join(), theirs).to.match(new RegExp(`\\(did you mean ${ours}[,?]`));
    }
  });

  it('are not repeated where they may be a user’s data, and are few', () => {
    const logger = new RecordingLogger();
    const users = Object.fromEntries(
      Array.from({ length: 500 }, (_, n) => [`user ${n}@example.org\n`, true]),
    );
    make.OptimizelySpanProcessor?.({ ...users, logger });
    const [line = ''] = logger.at('warn');
    expect(line).not.to.include('example.org');
    expect(line).to.include('and 495 more');
    expect(line.length).to.be.below(500);
  });

  it('of options that an exporter is given do not reach the processor’s', () => {
    const logger = new RecordingLogger();
    make.OptimizelySpanProcessor?.({ eventDispatcher: undefined, exporter: new ManualExporter(), logger });
    expect(logger.lines).to.deep.equal([]);
  });
});
