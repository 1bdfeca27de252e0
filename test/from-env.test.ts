// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import {
  createOptimizelySpanProcessorFromEnv,
  OptimizelySpanProcessor,
} from 'opentelemetry-exporter-optimizely';
import { Endpoint } from './exit/endpoint.js';
import { Child, killLeftovers } from './support/child.js';
import { makeDatafile } from './support/datafile.js';
import { RecordingDispatcher, RecordingLogger } from './support/fakes.js';
import { answer, startServer } from './support/hostile-server.js';
import { ManualRuntime } from './support/manual-runtime.js';

const CONVERSION = { userId: 'visitor', eventKey: 'purchase' };

describe('createOptimizelySpanProcessorFromEnv', () => {
  const made: OptimizelySpanProcessor[] = [];
  let directory: string;
  let path: string;

  before(() => {
    directory = mkdtempSync(join(tmpdir(), 'optimizely-env-'));
    path = join(directory, 'datafile.json');
    writeFileSync(path, JSON.stringify(makeDatafile()));
  });

  after(() => rmSync(directory, { recursive: true }));

  afterEach(async () => {
    for (const name of Object.keys(process.env)) if (name.startsWith('OPTIMIZELY_')) delete process.env[name];
    await Promise.all(made.splice(0).map(processor => processor.shutdown()));
  });

  function make(env: Record<string, string>, options = {}) {
    for (const [name, value] of Object.entries(env)) process.env[`OPTIMIZELY_${name}`] = value;
    const [dispatcher, logger, runtime] = [
      new RecordingDispatcher(),
      new RecordingLogger(),
      new ManualRuntime(),
    ];
    const processor = createOptimizelySpanProcessorFromEnv({
      eventDispatcher: dispatcher,
      logger,
      runtime,
      ...options,
    });
    made.push(processor);
    const record = (count = 1) => {
      for (let n = 0; n < count; n++) processor.recordConversion(CONVERSION);
    };
    return { processor, dispatcher, logger, runtime, record };
  }

  it('reads the datafile from a file, and every option from a variable of its own', async () => {
    const { processor, dispatcher, runtime, record } = make({
      DATAFILE_PATH: path,
      EVENTS_ENDPOINT: 'http://127.0.0.1:1/v1/events',
      BATCH_SIZE: '3',
      FLUSH_INTERVAL_MILLIS: '500',
      START_ON_INIT: 'false',
      MAX_QUEUE_SIZE: '4',
    });
    record(5);
    expect(processor.ledger()).to.deep.include({ pending: 4, dropped: { queue_full: 1 } });
    await runtime.advance(10);
    expect(dispatcher.attempts).to.equal(0);
    processor.start();
    await runtime.advance(0);
    const sizes = () => dispatcher.sent.map(params => params.visitors.length);
    // Memory is full of what is in flight and the one event that is left, which goes out with it.
    expect(sizes()).to.deep.equal([3, 1]);
    record(2);
    await runtime.advance(499);
    expect(sizes()).to.deep.equal([3, 1]);
    await runtime.advance(1);
    expect(sizes()).to.deep.equal([3, 1, 2]);
    expect(dispatcher.urls[0]).to.equal('http://127.0.0.1:1/v1/events');
  });

  it('obeys the variables of delivery', async () => {
    const { processor, dispatcher, runtime, record } = make({
      DATAFILE_PATH: path,
      BATCH_SIZE: '1',
      MAX_CONCURRENT_REQUESTS: '2',
      RETRY_INITIAL_DELAY_MILLIS: '10',
      RETRY_MAX_DELAY_MILLIS: '10',
      RETRY_MAX_AGE_MILLIS: '1000',
      REQUEST_TIMEOUT_MILLIS: '100',
      TIMEOUT_INTERVAL_MILLIS: '700',
      STRICT: 'TRUE',
    });
    const headers: unknown[] = [];
    dispatcher.answer = (_attempt, logEvent) => {
      headers.push(logEvent.headers);
      return new Promise(() => {});
    };
    record(5);
    await runtime.advance(0);
    expect(dispatcher.attempts, 'two at once').to.equal(2);
    expect(headers[0]).to.include({ 'X-Optimizely-Strict': 'true' });
    await runtime.advance(110);
    expect(dispatcher.attempts, 'the deadline of a request, then a probe').to.equal(3);
    const stopping = processor.shutdown();
    await runtime.advance(700);
    await stopping;
    expect(processor.ledger().dropped).to.deep.equal({ shutdown_timeout: 5 });
    const expiring = make({});
    expiring.dispatcher.answer = () => ({ statusCode: 503 });
    expiring.record();
    await expiring.runtime.advance(1_100);
    expect(expiring.processor.ledger().dropped).to.deep.equal({ expired: 1 });
  });

  it('obeys the bounds in bytes and what the trace gets', () => {
    const small = make({ DATAFILE_PATH: path, MAX_PAYLOAD_BYTES: '100' });
    small.record();
    expect(small.processor.ledger().dropped).to.deep.equal({ too_large: 1 });
    const tight = make({ MAX_PAYLOAD_BYTES: '', MAX_QUEUE_BYTES: '100', TRACE_DETAIL: 'none' });
    tight.record();
    expect(tight.processor.ledger().dropped).to.deep.equal({ queue_full: 1 });
    const events: unknown[] = [];
    const span = { isRecording: () => true, addEvent: (event: unknown) => events.push(event) };
    tight.processor.recordConversion(CONVERSION, span as never);
    expect(events).to.deep.equal([]);
    const logging = make({ MAX_QUEUE_BYTES: '', TRACE_DETAIL: '', EMIT_AS: 'log-record' });
    logging.record();
    expect(logging.logger.at('warn').join()).to.include("emitAs 'log-record' and 'both' need");
  });

  it('takes empty for unset, and ignores nonsense with a warning that does not repeat it', async () => {
    const { dispatcher, logger, record } = make({
      DATAFILE_PATH: path,
      BATCH_SIZE: '2.5 secret',
      FLUSH_INTERVAL_MILLIS: '-1',
      START_ON_INIT: 'secret',
      TRACE_DETAIL: 'secret',
      EMIT_AS: 'secret',
      MAX_QUEUE_SIZE: '  ',
      STRICT: '',
    });
    const warned = ['BATCH_SIZE', 'FLUSH_INTERVAL_MILLIS', 'START_ON_INIT', 'TRACE_DETAIL', 'EMIT_AS'];
    for (const name of warned)
      expect(logger.at('warn').filter(line => line.includes(name))).to.have.length(1);
    expect(logger.at('warn')).to.have.length(warned.length);
    expect(JSON.stringify(logger.lines)).not.to.include('secret');
    record(10);
    await made[0]?.forceFlush();
    expect(dispatcher.sent.map(params => params.visitors.length)).to.deep.equal([10]);
    expect(dispatcher.urls[0]).to.equal('https://logx.optimizely.com/v1/events');
  });

  it('polls for the datafile of an SDK key, with the token, over the file as a start', async () => {
    const server = await startServer(() => answer(200, {}, JSON.stringify(makeDatafile({ revision: '8' }))));
    const { processor, dispatcher, record } = make({
      SDK_KEY: 'key-1',
      DATAFILE_ACCESS_TOKEN: 'token-1',
      DATAFILE_PATH: path,
      DATAFILE_URL_TEMPLATE: `${server.origin}/files/%s.json`,
      DATAFILE_UPDATE_INTERVAL_MILLIS: '60000',
    });
    record();
    await server.received(1);
    const [request] = server.requests;
    expect(request?.url).to.equal('/files/key-1.json');
    expect(request?.headers.authorization).to.equal('Bearer token-1');
    await processor.shutdown();
    expect(dispatcher.sent[0]?.revision).to.equal('7');
    await server.close();
  });

  it('polls an address without a place for the SDK key', async () => {
    const server = await startServer(() => answer(200, {}, JSON.stringify(makeDatafile())));
    const { processor } = make({ DATAFILE_URL_TEMPLATE: ` ${server.origin}/datafile.json\n` });
    await server.received(1);
    expect(server.requests[0]?.url).to.equal('/datafile.json');
    await processor.shutdown();
    await server.close();
  });

  it('uses the token, the address and the file of the environment with an SDK key of the options', async () => {
    const server = await startServer(() => answer(200, {}, JSON.stringify(makeDatafile({ revision: '8' }))));
    const env = {
      DATAFILE_ACCESS_TOKEN: 'token-1',
      DATAFILE_PATH: path,
      DATAFILE_URL_TEMPLATE: `${server.origin}/{sdk_key}.json`,
      SDK_KEY: 'of the environment',
    };
    const { processor, dispatcher, record } = make(env, { sdkKey: 'key-2' });
    record();
    await server.received(1);
    const [request] = server.requests;
    expect([request?.url, request?.headers.authorization]).to.deep.equal(['/key-2.json', 'Bearer token-1']);
    await processor.shutdown();
    expect(dispatcher.sent[0]?.revision).to.equal('7');
    await server.close();
  });

  it('warns of a variable whose name is nearly one that is read, and of no other', () => {
    const { logger } = make({
      DATAFILE_PATH: path,
      FLUSH_INTERVAL: '30',
      MAX_QUEUE_SIZES: '7',
      SDKKEY: 'secret',
      SPAN_ATTRIBUTES: 'none',
      SIGNAL: 'log',
      BATCH_SIZE_: '',
      API_TOKEN: 'secret',
      LOGLEVEL: 'secret',
      CLIENT_POLLINGINTERVAL: 'secret',
    });
    expect(logger.at('warn')).to.have.members([
      'OPTIMIZELY_FLUSH_INTERVAL is not read; did you mean OPTIMIZELY_FLUSH_INTERVAL_MILLIS?',
      'OPTIMIZELY_MAX_QUEUE_SIZES is not read; did you mean OPTIMIZELY_MAX_QUEUE_SIZE?',
      'OPTIMIZELY_SDKKEY is not read; did you mean OPTIMIZELY_SDK_KEY?',
      'OPTIMIZELY_SPAN_ATTRIBUTES is not read; did you mean OPTIMIZELY_TRACE_DETAIL?',
      'OPTIMIZELY_SIGNAL is not read; did you mean OPTIMIZELY_EMIT_AS?',
    ]);
  });

  it('tells of options that there are not, and takes no datafile in their place', () => {
    const { logger } = make({ DATAFILE_PATH: path }, { flushInterval: 30 });
    expect(logger.at('warn')).to.deep.equal([
      'createOptimizelySpanProcessorFromEnv ignores options that it does not have: ' +
        'flushInterval (did you mean flushIntervalMillis, in milliseconds?)',
    ]);
    for (const given of [makeDatafile(), JSON.stringify(makeDatafile()), [], Promise.resolve({})]) {
      expect(() => createOptimizelySpanProcessorFromEnv(given as never)).to.throw(
        TypeError,
        /createOptimizelySpanProcessorFromEnv takes options, not/,
      );
    }
  });

  it('lets options win, and throws where nobody says where the datafile is', () => {
    expect(() => make({ DATAFILE_ACCESS_TOKEN: 'x' })).to.throw(TypeError, /OPTIMIZELY_SDK_KEY/);
    const { processor } = make(
      { DATAFILE_PATH: '/nowhere', BATCH_SIZE: '1' },
      { datafile: makeDatafile(), batchSize: 2 },
    );
    processor.recordConversion(CONVERSION);
    expect(processor.ledger()).to.deep.include({ pending: 1, delivered: 0 });
  });

  for (const { file, content, says } of [
    { file: 'missing.json', content: undefined, says: 'does not exist' },
    { file: 'datafile.json/below.json', content: undefined, says: 'does not exist' },
    { file: '', content: undefined, says: 'is a directory, not a file' },
    { file: 'empty.json', content: '', says: 'is not a datafile: the datafile is not valid JSON' },
    { file: 'page.json', content: '<html>', says: 'is not a datafile: the datafile is not valid JSON' },
    { file: 'list.json', content: '[]', says: 'is not a datafile: the datafile is not a JSON object' },
    {
      file: 'old.json',
      content: '{"version":"1"}',
      says: "is not a datafile: the datafile's version must be",
    },
  ]) {
    it(`says of a DATAFILE_PATH what is wrong with it, in one line; events wait: ${file || 'a directory'}`, () => {
      const named = join(directory, file);
      if (content !== undefined) writeFileSync(named, content);
      const { processor, logger } = make({ DATAFILE_PATH: named });
      processor.recordConversion(CONVERSION);
      expect(processor.ledger().pending).to.equal(1);
      expect(logger.lines).to.have.length(1);
      const [line = ''] = logger.at('error');
      expect(line).to.include(`OPTIMIZELY_DATAFILE_PATH: ${named.replace(/\/$/, '')} ${says}`);
      expect(line).to.match(/; events wait until one is there at a restart$/);
    });
  }

  it('names a DATAFILE_PATH that may not be read, and waits for the datafile of the SDK key', async () => {
    const server = await startServer(() => answer(200, {}, JSON.stringify(makeDatafile())));
    const { processor, logger } = make({
      DATAFILE_PATH: join(directory, 'missing.json'),
      DATAFILE_URL_TEMPLATE: `${server.origin}/%s.json`,
      SDK_KEY: 'key-1',
    });
    expect(logger.at('error').join()).to.match(
      /missing\.json does not exist; events wait until one is fetched$/,
    );
    await server.received(1);
    await processor.shutdown();
    await server.close();
  });

  it('leaves nothing polling where another option has the wrong type, nor does the constructor', async () => {
    const server = await startServer(() => answer(503));
    // The constructor knows no other address than the CDN's: the proxy answers for it.
    process.env.HTTPS_PROXY = server.origin;
    process.env.OPTIMIZELY_DATAFILE_URL_TEMPLATE = `${server.origin}/{sdkKey}.json`;
    try {
      const runtime = new ManualRuntime();
      const options = { sdkKey: 'key', runtime, logger: new RecordingLogger() };
      for (const unusable of [
        { exporter: { export() {} }, eventDispatcher: new RecordingDispatcher() },
        { eventDispatcher: {} },
        { userIdHashKey: 'short' },
        { eventStore: {} },
      ]) {
        const given = { ...options, ...unusable } as object;
        expect(() => createOptimizelySpanProcessorFromEnv(given)).to.throw(TypeError);
        expect(() => new OptimizelySpanProcessor(given)).to.throw(TypeError);
        // Past the deadline of the requests that were ended; polling would go on.
        await runtime.advance(20_000);
        expect(runtime.armed, Object.keys(unusable).join()).to.equal(0);
      }
    } finally {
      delete process.env.HTTPS_PROXY;
      await server.close();
    }
  });

  it('the classes themselves read no variable but that of the endpoint', async () => {
    process.env.OPTIMIZELY_BATCH_SIZE = '1';
    const { OptimizelySpanProcessor } = await import('opentelemetry-exporter-optimizely');
    const processor = new OptimizelySpanProcessor({
      datafile: makeDatafile(),
      eventDispatcher: new RecordingDispatcher(),
    });
    made.push(processor);
    processor.recordConversion(CONVERSION);
    expect(processor.ledger().pending).to.equal(1);
  });
});

describe('--import opentelemetry-exporter-optimizely/register', () => {
  let endpoint: Endpoint;
  let directory: string;
  let env: Record<string, string>;

  beforeEach(async () => {
    endpoint = await new Endpoint().open();
    directory = mkdtempSync(join(tmpdir(), 'optimizely-register-'));
    writeFileSync(join(directory, 'datafile.json'), JSON.stringify(makeDatafile()));
    env = {
      OPTIMIZELY_DATAFILE_PATH: join(directory, 'datafile.json'),
      OPTIMIZELY_EVENTS_ENDPOINT: endpoint.url,
    };
  });

  afterEach(async () => {
    killLeftovers();
    await endpoint.close();
    rmSync(directory, { recursive: true });
  });

  function start(wanted: object, variables: Record<string, string> = env): Child {
    const path = new URL('./exit/registered.mjs', import.meta.url).pathname;
    const assignments = Object.entries(variables).map(([name, value]) => `${name}=${value}`);
    const node = [process.execPath, '--import', 'opentelemetry-exporter-optimizely/register', path];
    return new Child('env', [...assignments, ...node, JSON.stringify(wanted)]);
  }

  it("delivers beside an application's own NodeSDK, at its end and at SIGTERM", async () => {
    const script = start({});
    expect(await script.ended).to.deep.equal({ code: 0, signal: null });
    const uuids = script.told<string[]>('uuids').flat();
    expect(uuids).to.have.length(42);
    expect(endpoint.uuids).to.have.members(uuids);

    const server = start({ staysUp: true });
    await server.message('uuids');
    server.signal('SIGTERM');
    expect((await server.ended).signal).to.equal('SIGTERM');
    expect(endpoint.uuids).to.have.length(84);
  });

  it('stops no service where the environment says nothing, but says so', async () => {
    const script = start({}, {});
    expect(await script.ended).to.deep.equal({ code: 0, signal: null });
    expect(script.stderr).to.include('OPTIMIZELY_SDK_KEY');
  });

  it('says on stderr what is wrong with the environment, since no logger is set so early', async () => {
    const missing = join(directory, 'missing.json');
    const script = start({}, { ...env, OPTIMIZELY_DATAFILE_PATH: missing, OPTIMIZELY_BATCH_SIZE: 'ten' });
    await script.ended;
    expect(script.stderr).to.include(`OPTIMIZELY_DATAFILE_PATH: ${missing} does not exist`);
    expect(script.stderr).to.include('OPTIMIZELY_BATCH_SIZE must be a positive whole number; it is ignored');
  });
});
