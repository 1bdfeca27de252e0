// SPDX-License-Identifier: Apache-2.0
import { expect } from 'chai';
import {
  EventFactory,
  OptimizelyEventExporter,
  OptimizelySpanProcessor,
  PollingProjectConfigManager,
  type PollingProjectConfigManagerOptions,
} from 'opentelemetry-exporter-optimizely';
import { OPTIONS_OWNERS } from './docs/option-tables.js';
import { makeDatafile } from './support/datafile.js';
import { startDatafileServer } from './support/datafile-server.js';
import { makeUserEvent, RecordingDispatcher, RecordingLogger } from './support/fakes.js';
import { answer, startServer } from './support/hostile-server.js';
import { ManualRuntime, settle } from './support/manual-runtime.js';
import { type Options, optionMakers } from './support/option-makers.js';

const KEY = 'a key of the service';

describe('option values', () => {
  const { make, undo } = optionMakers();
  afterEach(undo);

  async function thrown(owner: string, options: unknown): Promise<unknown> {
    try {
      await make[owner]?.(options as Options, 'as it is');
    } catch (error) {
      return error;
    }
    return undefined;
  }

  const instead: [string, () => unknown, RegExp][] = [
    ['a datafile', makeDatafile, /takes options, not a datafile/],
    ['a bad datafile', () => ({ version: '4', experiments: [] }), /takes options, not a datafile/],
    [
      'a datafile with a logger',
      () => ({ ...makeDatafile(), logger: new RecordingLogger() }),
      /not a datafile/,
    ],
    ['a frozen datafile', () => Object.freeze(makeDatafile()), /not a datafile/],
    ['the text of a datafile', () => JSON.stringify(makeDatafile()), /not the text of a datafile/],
    [
      'that text with a byte order mark',
      () => `\ufeff${JSON.stringify(makeDatafile())}`,
      /not the text of a datafile/,
    ],
    ['a path', () => './datafile.json', /not a string/],
    ['a list', () => ['SIGTERM'], /not a list/],
    ['bytes', () => Buffer.from('{}'), /not bytes/],
    ['a promise', () => Promise.resolve({}), /not a promise/],
    ['a function', () => () => ({}), /not a function/],
    ['a number', () => 7, /not a number/],
    ['a revoked Proxy', revokedProxy, /cannot be read/],
    ['a Proxy whose traps throw', throwingProxy, /cannot be read/],
  ];
  for (const { name: owner, example, table } of OPTIONS_OWNERS) {
    // It never throws: its options are those of a call.
    if (owner === 'trackConversion') continue;

    it(`${owner} takes no datafile, text, list or promise for its options, and says what to write`, async () => {
      for (const [name, given, message] of instead) {
        const error = await thrown(owner, given());
        expect(error, name).to.be.instanceOf(TypeError);
        expect((error as Error).message, name)
          .to.match(message)
          .and.include(owner);
        if (!/Proxy/.test(name)) expect((error as Error).message, name).to.include(example);
      }
    });

    it(`${owner} throws nothing but a TypeError that names the option whose getter throws`, async () => {
      for (const option of Object.keys(table)) {
        const options = Object.defineProperty({}, option, { get: fail, enumerable: true });
        const error = await thrown(owner, options);
        expect(error, option).to.be.instanceOf(TypeError);
        expect((error as Error).message).to.include(`${owner} cannot read its option ${option}`);
        expect((error as Error).message).not.to.include('secret');
      }
    });
  }

  it('may stand on a frozen object, one without prototype, a Proxy, a class or a prototype', async () => {
    const given = { datafile: makeDatafile(), batchSize: 1, runtime: new ManualRuntime() };
    class Settings {
      get datafile() {
        return given.datafile;
      }
      get batchSize() {
        return given.batchSize;
      }
      get runtime() {
        return given.runtime;
      }
    }
    const forms = [
      Object.freeze({ ...given }),
      Object.assign(Object.create(null), given),
      new Proxy({ ...given }, {}),
      new Settings(),
      Object.create(given),
      new Proxy({ ...given }, { ownKeys: fail }),
    ];
    for (const form of forms) {
      const logger = new RecordingLogger();
      const eventDispatcher = new RecordingDispatcher();
      const options = new Proxy(form, {
        get: (target, name) =>
          name === 'logger'
            ? logger
            : name === 'eventDispatcher'
              ? eventDispatcher
              : Reflect.get(target, name),
      });
      const processor = new OptimizelySpanProcessor(options);
      processor.recordConversion({ userId: 'v', eventKey: 'purchase' });
      await settle();
      expect(eventDispatcher.attempts).to.equal(1);
      expect(logger.at('warn')).to.deep.equal([]);
      void processor.shutdown();
    }
  });

  const seconds: [string, Options][] = [
    ['flushIntervalMillis', { flushIntervalMillis: 30 }],
    ['flushIntervalMillis', { flushIntervalMillis: 60 }],
    ['flushIntervalMillis', { flushIntervalMillis: 1 }],
    ['timeoutIntervalMillis', { timeoutIntervalMillis: 5 }],
    ['requestTimeoutMillis', { requestTimeoutMillis: 10 }],
    ['retry.maxDelayMillis', { retry: { maxDelayMillis: 30 } }],
    ['retry.maxAgeMillis', { retry: { maxAgeMillis: 86_400 } }],
    ['dedupe.windowMillis', { dedupe: { windowMillis: 1_800 } }],
  ];
  for (const [name, options] of seconds) {
    it(`${JSON.stringify(options)} is obeyed, and ${name} is told to be in milliseconds, once`, () => {
      const logger = new RecordingLogger();
      make.OptimizelySpanProcessor?.({ ...options, logger });
      expect(logger.at('warn')).to.have.length(1);
      expect(logger.at('warn')[0]).to.match(
        new RegExp(`^${name.replace('.', '\\.')} is \\d+ milliseconds; write \\d+ if`),
      );
    });
  }

  it('of the dispatcher that a processor makes for itself are told once too', () => {
    for (const [requestTimeoutMillis, level] of [
      [10, 'warn'],
      ['10', 'info'],
    ] as const) {
      const logger = new RecordingLogger();
      make.OptimizelySpanProcessor?.({ requestTimeoutMillis, eventDispatcher: undefined, logger });
      expect(logger.at(level).filter(line => line.startsWith('requestTimeoutMillis'))).to.have.length(1);
    }
  });

  it('that read like milliseconds, or like no seconds, are not warned about', () => {
    const logger = new RecordingLogger();
    for (const flushIntervalMillis of [0.5, 121, 250, 1_000, 30_000, undefined]) {
      make.OptimizelySpanProcessor?.({ flushIntervalMillis, logger });
    }
    make.OptimizelySpanProcessor?.({ timeoutIntervalMillis: 100, retry: { initialDelayMillis: 10 }, logger });
    expect(logger.at('warn')).to.deep.equal([]);
  });

  it('updateIntervalMillis that reads like seconds has one line', () => {
    for (const updateIntervalMillis of [60, 300]) {
      const logger = new RecordingLogger();
      make.PollingProjectConfigManager?.({ updateIntervalMillis, logger });
      expect(logger.at('warn')).to.have.length(1);
      expect(logger.at('warn')[0]).to.include('milliseconds');
    }
  });

  describe('white space around text', () => {
    const spaced = (text: string) => `\ufeff \t${text}\r\n`;

    it('is cut from the SDK key, the token and the address of the datafile', async () => {
      const server = await startServer(() => answer(200, {}, JSON.stringify(makeDatafile())));
      const manager = new PollingProjectConfigManager({
        sdkKey: spaced('key-1'),
        datafileAccessToken: spaced('token-1'),
        urlTemplate: spaced(`${server.origin}/files/%s.json`),
        logger: new RecordingLogger(),
      });
      expect(await manager.onReady()).to.equal(true);
      expect(server.requests[0]?.url).to.equal('/files/key-1.json');
      expect(server.requests[0]?.headers.authorization).to.equal('Bearer token-1');
      await manager.stop();
      await server.close();
    });

    it('is cut from the endpoint, of a processor, an exporter and a factory', async () => {
      const endpoint = spaced('http://127.0.0.1:4319/v1/events');
      expect(new EventFactory({ endpoint }).createLogEvent([makeUserEvent()]).url).to.equal(endpoint.trim());
      const eventDispatcher = new RecordingDispatcher();
      const exporter = new OptimizelyEventExporter({ endpoint, eventDispatcher });
      for (const options of [{ endpoint, eventDispatcher }, { exporter }]) {
        const processor = new OptimizelySpanProcessor({ datafile: makeDatafile(), ...options });
        processor.recordConversion({ userId: 'v', eventKey: 'purchase' });
        await processor.shutdown();
      }
      expect(eventDispatcher.urls).to.deep.equal([endpoint.trim(), endpoint.trim()]);
    });

    it('is cut from the key that user ids are hashed with', async () => {
      const visitors = await Promise.all(
        [KEY, spaced(KEY)].map(async userIdHashKey => {
          const eventDispatcher = new RecordingDispatcher();
          const processor = new OptimizelySpanProcessor({
            datafile: makeDatafile(),
            eventDispatcher,
            userIdHashKey,
          });
          processor.recordConversion({ userId: 'v', eventKey: 'purchase' });
          await processor.shutdown();
          return eventDispatcher.visitors[0]?.visitor_id;
        }),
      );
      expect(visitors[0]).to.equal(visitors[1]);
    });

    it('and nothing else is as good as empty: a TypeError', async () => {
      for (const blank of ['', ' ', '\n', '\ufeff', '\t \r\n']) {
        for (const name of ['sdkKey', 'datafileAccessToken', 'urlTemplate']) {
          const error = await thrown('PollingProjectConfigManager', { sdkKey: 'key', [name]: blank });
          expect(String(error)).to.match(new RegExp(`^TypeError: ${name} must be a non-empty string`));
        }
        for (const name of ['endpoint', 'userIdHashKey']) {
          const error = await thrown('OptimizelySpanProcessor', {
            datafile: makeDatafile(),
            eventDispatcher: new RecordingDispatcher(),
            [name]: blank,
          });
          expect(String(error)).to.match(new RegExp(`^TypeError: ${name} must be`));
        }
      }
      const short = { datafile: makeDatafile(), userIdHashKey: `${' '.repeat(20)}short` };
      expect(await thrown('OptimizelySpanProcessor', short)).to.be.instanceOf(TypeError);
    });
  });

  describe('urlTemplate', () => {
    for (const place of ['%s', '{sdkKey}', '{sdk_key}']) {
      it(`has the SDK key where it says ${place}`, async () => {
        const server = await startServer(() => answer(200, {}, JSON.stringify(makeDatafile())));
        const urlTemplate = `${server.origin}/of/${place}/datafile.json?key=${place}`;
        const manager = new PollingProjectConfigManager({
          sdkKey: 'a/b $& c',
          urlTemplate,
          logger: new RecordingLogger(),
        });
        expect(await manager.onReady()).to.equal(true);
        expect(server.requests[0]?.url).to.equal(
          '/of/a%2Fb%20%24%26%20c/datafile.json?key=a%2Fb%20%24%26%20c',
        );
        await manager.stop();
        await server.close();
        expect(await thrown('PollingProjectConfigManager', { urlTemplate })).to.be.instanceOf(TypeError);
      });
    }

    it('without a place for it needs no SDK key; each address has a place of its own in a cache', async () => {
      const server = await startDatafileServer(response => {
        response.writeHead(200).end(JSON.stringify(makeDatafile()));
      });
      const kept = new Map<string, string>();
      const { origin } = new URL(server.urlTemplate.replace('%s', 'key'));
      for (const path of ['/one.json', '/two.json', '/two.json?token=secret']) {
        let written: () => void = () => {};
        const isWritten = new Promise<void>(resolve => {
          written = resolve;
        });
        const options: PollingProjectConfigManagerOptions = {
          urlTemplate: origin + path,
          cache: {
            get: key => kept.get(key),
            set: (key, text) => {
              kept.set(key, text);
              written();
            },
          },
          logger: new RecordingLogger(),
        };
        const manager = new PollingProjectConfigManager(options);
        expect(await manager.onReady()).to.equal(true);
        await isWritten;
        await manager.stop();
      }
      expect(kept.size).to.equal(3);
      expect([...kept.keys()].join()).not.to.include('secret');
      await server.close();
    });
  });

  it('customHeaders that are not strings are a TypeError; those that are not set are left out', async () => {
    for (const customHeaders of ['X-Team: web', 7, [], { 'X-Team': 7 }, { 'X-Team': null }]) {
      const error = await thrown('PollingProjectConfigManager', { sdkKey: 'key', customHeaders });
      expect(String(error)).to.include('TypeError: customHeaders must be an object of strings');
    }
    await make.PollingProjectConfigManager?.({ customHeaders: { 'X-Team': undefined } });
    await settle();
  });
});

function fail(): never {
  throw new Error('secret');
}

function revokedProxy() {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}

function throwingProxy() {
  return new Proxy(
    {},
    { get: fail, has: fail, ownKeys: fail, getPrototypeOf: fail, getOwnPropertyDescriptor: fail },
  );
}
