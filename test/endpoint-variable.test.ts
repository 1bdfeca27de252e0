// SPDX-License-Identifier: Apache-2.0
import { expect } from 'chai';
import fc from 'fast-check';
import {
  BatchEventProcessor,
  createOptimizelySpanProcessorFromEnv,
  EventFactory,
  type LogEvent,
  OptimizelyEventExporter,
  OptimizelySpanProcessor,
  UndiciEventDispatcher,
} from 'opentelemetry-exporter-optimizely';
import { createSpanEventDispatcher } from 'opentelemetry-exporter-optimizely/optimizely-sdk';
import { shownUrl } from '../src/util/shown-url.js';
import { makeDatafile } from './support/datafile.js';
import { diagLogger } from './support/diag-logger.js';
import { makeUserEvent, RecordingDispatcher, RecordingLogger } from './support/fakes.js';
import { ManualRuntime } from './support/manual-runtime.js';
import { MemoryStore } from './support/memory-store.js';

const VARIABLE = 'OPTIMIZELY_EVENTS_ENDPOINT';
const INSPECTOR = 'http://127.0.0.1:4319/v1/events';
const US = 'https://logx.optimizely.com/v1/events';

interface Given {
  readonly endpoint?: string | undefined;
  readonly [option: string]: unknown;
}

/** Has each class send one event. */
const SENDERS: Record<string, (given: Given) => Promise<unknown>> = {
  OptimizelySpanProcessor: async given => {
    const processor = new OptimizelySpanProcessor({ datafile: makeDatafile(), ...given });
    processor.recordConversion({ userId: 'visitor', eventKey: 'purchase' });
    await processor.shutdown();
    return processor.ledger();
  },
  createOptimizelySpanProcessorFromEnv: async given => {
    const processor = createOptimizelySpanProcessorFromEnv({ datafile: makeDatafile(), ...given });
    processor.recordConversion({ userId: 'visitor', eventKey: 'purchase' });
    await processor.shutdown();
    return processor.ledger();
  },
  BatchEventProcessor: async given => {
    const processor = new BatchEventProcessor(given as never);
    processor.start();
    processor.process(makeUserEvent());
    await processor.stop();
    return processor.ledger();
  },
  OptimizelyEventExporter: async ({ timeoutIntervalMillis, ...given }) => {
    const exporter = new OptimizelyEventExporter(given as never);
    const processor = new BatchEventProcessor({
      exporter,
      timeoutIntervalMillis: timeoutIntervalMillis as number,
    });
    processor.start();
    processor.process(makeUserEvent());
    await processor.stop();
    return processor.ledger();
  },
  createSpanEventDispatcher: async given => {
    const processor = new OptimizelySpanProcessor({ datafile: makeDatafile(), ...given });
    const visitors = JSON.parse(`[${makeUserEvent().json}]`) as unknown[];
    await createSpanEventDispatcher(processor).dispatchEvent({
      url: US,
      httpVerb: 'POST',
      params: { account_id: '1', project_id: '2', revision: '3', visitors } as never,
    });
    await processor.shutdown();
    return processor.ledger();
  },
};

describe('OPTIMIZELY_EVENTS_ENDPOINT', () => {
  const heard = diagLogger();

  afterEach(() => {
    delete process.env[VARIABLE];
  });

  async function send(name: string, variable: string | undefined, given: Given = {}) {
    if (variable !== undefined) process.env[VARIABLE] = variable;
    const [eventDispatcher, logger] = [new RecordingDispatcher(), new RecordingLogger()];
    const ledger = await SENDERS[name]?.({ timeoutIntervalMillis: 1.5, eventDispatcher, logger, ...given });
    return { urls: eventDispatcher.urls, logger, ledger };
  }

  for (const name of Object.keys(SENDERS)) {
    it(`is the default of endpoint: ${name}`, async () => {
      const { urls, logger } = await send(name, ` ${INSPECTOR}\n`);
      expect(urls).to.deep.equal([INSPECTOR]);
      expect(logger.at('info')).to.deep.equal([`events are sent to ${INSPECTOR}, as ${VARIABLE} says`]);
    });

    it(`yields to the option, also where it can't be used: ${name}`, async () => {
      for (const variable of [INSPECTOR, 'nonsense']) {
        const { urls, logger } = await send(name, variable, { endpoint: 'http://127.0.0.1:1/own' });
        expect(urls).to.deep.equal(['http://127.0.0.1:1/own']);
        expect(logger.lines).to.deep.equal([]);
      }
    });

    it(`is not set where it is empty: ${name}`, async () => {
      for (const variable of [undefined, '', ' \t']) {
        const { urls } = await send(name, variable);
        expect(urls).to.deep.equal([US]);
      }
    });

    it(`that is not an address is an error that shows it, and nothing is sent: ${name}`, async () => {
      const { urls, logger, ledger } = await send(name, 'localhost:4319');
      expect(urls).to.deep.equal([]);
      expect(logger.at('error')[0]).to.include(`${VARIABLE} must be an http or https URL`);
      expect(logger.at('error')[0]).to.include('not "localhost:4319"');
      expect(ledger).to.deep.include({ recorded: 1, delivered: 0, dropped: { shutdown_timeout: 1 } });
    });
  }

  it('is read where a class is made, and not before', async () => {
    expect((await send('OptimizelySpanProcessor', INSPECTOR)).urls).to.deep.equal([INSPECTOR]);
    expect((await send('OptimizelySpanProcessor', 'http://127.0.0.1:2/x')).urls).to.deep.equal([
      'http://127.0.0.1:2/x',
    ]);
  });

  it('has its user name and password sent as a header, and not shown', async () => {
    process.env[VARIABLE] = 'http://user:secret@127.0.0.1:4319/v1/events?token=secret';
    const logEvents: LogEvent[] = [];
    const logger = new RecordingLogger();
    const eventDispatcher = {
      dispatchEvent: async (logEvent: LogEvent) => {
        logEvents.push(logEvent);
        return { statusCode: 204 };
      },
    };
    await SENDERS.OptimizelySpanProcessor?.({ eventDispatcher, logger });
    expect(logEvents[0]?.url).to.equal('http://127.0.0.1:4319/v1/events?token=secret');
    expect(logEvents[0]?.headers.Authorization).to.match(/^Basic /);
    expect(JSON.stringify(logger.lines)).to.include('127.0.0.1:4319').and.not.to.include('secret');
  });

  it('that is not an address leaves events pending, and an event store keeps them', async () => {
    process.env[VARIABLE] = 'ftp://127.0.0.1/';
    const runtime = new ManualRuntime();
    const eventDispatcher = new RecordingDispatcher();
    const eventStore = new MemoryStore();
    const processor = new OptimizelySpanProcessor({
      datafile: makeDatafile(),
      eventDispatcher,
      eventStore,
      logger: new RecordingLogger(),
      runtime,
    });
    for (let n = 0; n < 25; n++) processor.recordConversion({ userId: 'visitor', eventKey: 'purchase' });
    const flushed = processor.forceFlush();
    await runtime.advance(60_000);
    await flushed;
    expect(processor.ledger()).to.deep.include({ recorded: 25, pending: 25, dropped: {} });
    const stopped = processor.shutdown();
    await runtime.advance(60_000);
    await stopped;
    expect(processor.ledger()).to.deep.include({ pending: 0, stored: 25, dropped: {} });
    expect(eventDispatcher.attempts).to.equal(0);
  });

  it('that is not an address gives LogEvents of an EventFactory an address that nothing is sent to', async () => {
    process.env[VARIABLE] = 'nonsense';
    const logEvent = new EventFactory().createLogEvent([makeUserEvent()]);
    expect(logEvent.url).to.equal('about:invalid');
    expect(heard.at('error').join()).to.include('not "nonsense"');
    const dispatcher = new UndiciEventDispatcher();
    const failed = await dispatcher.dispatchEvent(logEvent).catch((error: unknown) => error);
    expect(failed).to.be.instanceOf(Error);
    await dispatcher.close();
    process.env[VARIABLE] = INSPECTOR;
    expect(new EventFactory().createLogEvent([makeUserEvent()]).url).to.equal(INSPECTOR);
    expect(new EventFactory({ endpoint: US }).createLogEvent([makeUserEvent()]).url).to.equal(US);
  });

  it('is shown without what may be secret, whatever it looks like', () => {
    const secret = fc.stringMatching(/^[\w:?#/.-]{1,20}$/).map(text => `S3CRET${text}S3CRET`);
    const scheme = fc.constantFrom('', 'http://', 'https://', 'ftp://', '//', 'htp:/');
    fc.assert(
      fc.property(scheme, secret, secret, (start, credentials, query) => {
        const shown = shownUrl(`${start}${credentials}@host:1/v1/events?key=${query}`);
        expect(shown).to.include('host:1/v1/events');
        expect(shown).not.to.match(/s3cret/i);
      }),
    );
    expect(shownUrl('host\u0007\u202E')).to.equal('host\\u{7}\\u{202e}');
  });
});

describe('an endpoint option that is not an address', () => {
  for (const endpoint of [
    'localhost:4319',
    'ftp://host/',
    'http//host',
    '/v1/events',
    '',
    ' ',
    7,
    null,
    {},
  ]) {
    it(`is a TypeError, and nothing is sent: ${JSON.stringify(endpoint)}`, () => {
      const make = () =>
        new OptimizelySpanProcessor({ datafile: makeDatafile(), endpoint: endpoint as never });
      expect(make).to.throw(TypeError, /^endpoint must be/);
      if (typeof endpoint === 'string' && endpoint.trim()) expect(make).to.throw(`not "${endpoint}"`);
    });
  }

  it('is shown without credentials', () => {
    const make = () =>
      new OptimizelySpanProcessor({ datafile: makeDatafile(), endpoint: 'ftp://user:secret@host/events' });
    expect(make).to.throw(TypeError, 'not "…@host/events"');
    expect(make).not.to.throw('secret');
  });
});
