// SPDX-License-Identifier: Apache-2.0
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { BasicTracerProvider, type SpanProcessor } from '@opentelemetry/sdk-trace-base';
import { expect } from 'chai';
import { makeDatafile } from './support/datafile.js';
import { RecordingDispatcher } from './support/fakes.js';

const require = createRequire(import.meta.url);
const cjs =
  require('opentelemetry-exporter-optimizely') as typeof import('opentelemetry-exporter-optimizely');
let esm: typeof cjs;
const runNode = (script: string) =>
  execFileSync(process.execPath, ['-e', script], {
    cwd: new URL('..', import.meta.url),
    encoding: 'utf8',
  }).trim();
const read = (path: string) => readFileSync(new URL(`../${path}`, import.meta.url), 'utf8');

describe('package', () => {
  before(async () => {
    esm = await import('opentelemetry-exporter-optimizely');
  });

  it('exports the same public names as ESM and as CommonJS', () => {
    const names = [
      'BatchEventProcessor',
      'EventFactory',
      'FileDatafileCache',
      'FileEventStore',
      'NotificationCenter',
      'NotificationType',
      'OptimizelyEventExporter',
      'OptimizelySpanProcessor',
      'PollingProjectConfigManager',
      'StaticProjectConfigManager',
      'UndiciEventDispatcher',
      'UserEventFactory',
      'bodyOf',
      'createOptimizelySpanProcessorFromEnv',
      'recordConversion',
      'recordImpression',
      'shutdownOnSignals',
    ];
    // In a process of its own: the loader that runs the tests adds a default export.
    const script =
      "import('opentelemetry-exporter-optimizely').then(m => console.log(Object.keys(m).sort().join()))";
    expect(runNode(script)).to.equal(names.join());
    expect(Object.keys(cjs).sort()).to.deep.equal(names);
    expect(cjs.OptimizelySpanProcessor).not.to.equal(esm.OptimizelySpanProcessor);
  });

  it('exports the same names of /logs as ESM and as CommonJS', () => {
    const script = (load: string) => `${load}.then(m => console.log(Object.keys(m).sort().join()))`;
    const path = "'opentelemetry-exporter-optimizely/logs'";
    for (const load of [`import(${path})`, `Promise.resolve(require(${path}))`]) {
      expect(runNode(script(load))).to.equal('OptimizelyLogRecordProcessor');
    }
  });

  it('is built before it is packed, as the packages beside it are', () => {
    const packages = readdirSync(new URL('../packages', import.meta.url)).map(name => `packages/${name}`);
    for (const folder of ['.', ...packages]) {
      const manifest = readFileSync(new URL(`../${folder}/package.json`, import.meta.url), 'utf8');
      expect(JSON.parse(manifest).scripts?.prepack, folder).to.match(
        /^node [./]*scripts\/build-if-stale\.mjs$/,
      );
    }
  });

  it('needs no package of the log API: SDK 3.x has none', () => {
    const files = readdirSync(new URL('../dist', import.meta.url), { recursive: true, encoding: 'utf8' });
    const code = files.filter(file => /\.c?js$/.test(file)).map(file => read(`dist/${file}`));
    expect(code.join().includes('io.opentelemetry.js.api.logs'), '/logs was built').to.equal(true);
    expect(code.join()).not.to.match(/(from |require\(|import\()['"]@opentelemetry\/(api-logs|sdk)/);
  });

  it('finds the log API of @opentelemetry/api, from 1.10 on', () => {
    const script = `
      const emitted = [];
      const logger = { emit: record => emitted.push(record.eventName), enabled: () => true };
      require('@opentelemetry/api').logs = { getLoggerProvider: () => ({ getLogger: () => logger }) };
      const { OptimizelySpanProcessor } = require('opentelemetry-exporter-optimizely');
      const { OptimizelyLogRecordProcessor } = require('opentelemetry-exporter-optimizely/logs');
      const processor = new OptimizelySpanProcessor({ datafile: '{}', emitAs: 'log-record' });
      new OptimizelyLogRecordProcessor(processor);
      processor.recordConversion({ userId: 'v', eventKey: 'purchase' });
      console.log(emitted.join());`;
    expect(runNode(script)).to.equal('optimizely.conversion');
  });

  it('exports the same names for OpenFeature as ESM and as CommonJS, without its SDK', () => {
    const names = [
      'OptimizelyHook',
      'conversionFromTracking',
      'impressionFromEvaluation',
      'trackConversion',
      'withConversions',
    ];
    const subpath = 'opentelemetry-exporter-optimizely/openfeature';
    expect(runNode(`import('${subpath}').then(m => console.log(Object.keys(m).sort().join()))`)).to.equal(
      names.join(),
    );
    const script = `
      console.log(Object.keys(require('${subpath}')).sort().join());
      console.log(Object.keys(require.cache).filter(path => path.includes('@openfeature')).length);`;
    expect(runNode(script)).to.equal(`${names.join()}\n0`);
  });

  it('an OpenFeature hook of one copy reaches a processor of the other', async () => {
    const { OptimizelyHook } = require('opentelemetry-exporter-optimizely/openfeature') as {
      OptimizelyHook: typeof import('opentelemetry-exporter-optimizely/openfeature').OptimizelyHook;
    };
    const dispatcher = new RecordingDispatcher();
    const processor = new esm.OptimizelySpanProcessor({
      datafile: makeDatafile(),
      eventDispatcher: dispatcher,
    });
    const hook = new OptimizelyHook();
    const hookContext = { flagKey: 'checkout', context: { targetingKey: 'v' } };
    hook.after(hookContext, {
      flagKey: 'checkout',
      variant: 'control',
      flagMetadata: { ruleKey: 'checkout_test' },
    });
    hook.finally(hookContext);
    await processor.shutdown();
    expect(dispatcher.uuids).to.have.length(1);
  });

  it('has the dispatcher for the official SDK both ways, without loading that SDK', () => {
    const subpath = 'opentelemetry-exporter-optimizely/optimizely-sdk';
    const show = (module: string) => `const m = ${module}; console.log(Object.keys(m).sort().join());`;
    const loaded =
      "console.log(Object.keys(require.cache).filter(path => path.includes('optimizely-sdk/dist')).length)";
    expect(runNode(`${show(`require('${subpath}')`)} ${loaded}`)).to.equal(
      'createSpanEventDispatcher,readEventBatch\n0',
    );
    expect(runNode(`(async () => { ${show(`await import('${subpath}')`)} })()`)).to.equal(
      'createSpanEventDispatcher,readEventBatch',
    );
  });

  it('has the instrumentation both ways, and asks for @opentelemetry/instrumentation there alone', () => {
    const subpath = 'opentelemetry-exporter-optimizely/instrumentation';
    const show = (module: string) => `const m = ${module}; console.log(Object.keys(m).sort().join());`;
    expect(runNode(show(`require('${subpath}')`))).to.equal('OptimizelyInstrumentation');
    expect(runNode(`(async () => { ${show(`await import('${subpath}')`)} })()`)).to.equal(
      'OptimizelyInstrumentation',
    );
    const files = readdirSync(new URL('../dist', import.meta.url), { recursive: true, encoding: 'utf8' });
    const code = files.filter(file => /\.c?js$/.test(file));
    const asking = code.filter(file => read(`dist/${file}`).includes('@opentelemetry/instrumentation'));
    expect(asking.sort()).to.deep.equal(['instrumentation/index.cjs', 'instrumentation/index.js']);
  });

  it('a dispatcher of one copy serves a processor of the other', async () => {
    const { createSpanEventDispatcher } =
      require('opentelemetry-exporter-optimizely/optimizely-sdk') as typeof import('opentelemetry-exporter-optimizely/optimizely-sdk');
    const eventDispatcher = new RecordingDispatcher();
    const processor = new esm.OptimizelySpanProcessor({ datafile: makeDatafile(), eventDispatcher });
    const event = { entity_id: '300', key: 'purchase', timestamp: 1_700_000_000_000, uuid: 'u' };
    const visitor = { visitor_id: 'v', attributes: [], snapshots: [{ events: [event] }] };
    const url = 'https://logx.optimizely.com/v1/events';
    await createSpanEventDispatcher(processor).dispatchEvent({ url, params: { visitors: [visitor] } });
    await processor.shutdown();
    expect(eventDispatcher.uuids).to.deep.equal(['u']);
  });

  it('its processor is a SpanProcessor of the SDK, by structure', () => {
    const processor: SpanProcessor = new esm.OptimizelySpanProcessor({ datafile: makeDatafile() });
    expect(processor).to.respondTo('forceFlush');
    return processor.shutdown();
  });

  it('its declarations name no SDK package', () => {
    const files = readdirSync(new URL('../dist', import.meta.url), { recursive: true, encoding: 'utf8' });
    const declarations = files.filter(file => /\.d\.c?ts$/.test(file));
    expect(declarations).to.have.length.above(5);
    for (const file of declarations) {
      const imports = read(`dist/${file}`).matchAll(/(?:from|import) ?\(?['"]([^'".][^'"]*)['"]/g);
      const imported = [...imports].map(match => match[1]);
      const allowed = file.startsWith('instrumentation')
        ? /^@opentelemetry\/instrumentation$/
        : /^(@opentelemetry\/api|undici|node:\w+)$/;
      for (const name of imported) expect(name, file).to.match(allowed);
    }
  });

  it('tells Optimizely the version that package.json has', async () => {
    const { version } = JSON.parse(read('package.json')) as { version: string };
    const dispatcher = new RecordingDispatcher();
    const processor = new esm.OptimizelySpanProcessor({
      datafile: makeDatafile(),
      eventDispatcher: dispatcher,
    });
    processor.recordConversion({ userId: 'v', eventKey: 'purchase' });
    await processor.shutdown();
    expect(dispatcher.sent[0]).to.deep.include({
      client_name: 'opentelemetry-exporter-optimizely',
      client_version: version,
    });
  });

  it('loads what takes long to load when it is needed: what makes requests, node:net and node:fs/promises', () => {
    const script = `
      const { OptimizelySpanProcessor } = require('opentelemetry-exporter-optimizely');
      new OptimizelySpanProcessor({ datafile: '{}', logger: { error() {}, warn() {}, info() {}, debug() {} } });
      const isOfRequests = path => /[\\\\/](undici|open-client)[\\\\/.]/.test(path);
      const loaded = Object.keys(require.cache).filter(isOfRequests);
      loaded.push(...process.moduleLoadList.filter(name => /^NativeModule (net|fs.promises)$/.test(name)));
      console.log(JSON.stringify(loaded));`;
    expect(JSON.parse(runNode(script))).to.deep.equal([]);
  });

  it('has no createRequire by name, nor an import() of a made name that webpack would look into: it warns of both', () => {
    const files = readdirSync(new URL('../dist', import.meta.url)).filter(name => /\.(js|cjs)$/.test(name));
    expect(files).to.include('open-client.js');
    for (const text of files.map(name => read(`dist/${name}`))) {
      expect(text).to.not.match(/import \{[^}]*\bcreateRequire\b[^}]*\} from ["'](?:node:)?module["']/);
      expect(text).to.not.match(/\bimport\((?!\s*(?:["')]|\/\* webpackIgnore: true \*\/))/);
    }
  });

  it('makes no module around one of Node at import: that takes long, most of all for node:fs', () => {
    const later = read('dist/core.js').match(/import\('\.\/([\w-]+\.js)'\)/)?.[1];
    expect(later, 'what is loaded later').to.equal('open-client.js');
    for (const file of ['index.js', 'core.js']) {
      expect(read(`dist/${file}`), file).not.to.match(/\bfrom\s*['"]node:/);
    }
  });

  for (const [helper, processors] of [
    ['ESM', 'CommonJS'],
    ['CommonJS', 'ESM'],
  ] as const) {
    it(`${helper} helpers reach ${processors} processors, once, on a span and without`, async () => {
      const dispatcher = new RecordingDispatcher();
      const copies = { ESM: esm, CommonJS: cjs };
      const { OptimizelySpanProcessor } = copies[processors];
      const { recordConversion, recordImpression } = copies[helper];
      const processor = new OptimizelySpanProcessor({
        datafile: makeDatafile(),
        eventDispatcher: dispatcher,
        traceDetail: 'full',
      });
      const provider = new BasicTracerProvider({ spanProcessors: [processor] });
      const span = provider.getTracer('test').startSpan('request');
      const uuids = [
        recordImpression({ userId: 'v', ruleKey: 'banner', variationKey: 'control' }, span),
        recordConversion({ userId: 'v', eventKey: 'purchase' }),
      ];
      span.end();
      await provider.shutdown();
      expect(dispatcher.uuids).to.deep.equal(uuids);
    });
  }

  it('a datafile manager of one copy serves a processor of the other', async () => {
    const dispatcher = new RecordingDispatcher();
    const manager = new cjs.StaticProjectConfigManager({ datafile: makeDatafile() });
    const processor = new esm.OptimizelySpanProcessor({
      projectConfigManager: manager,
      eventDispatcher: dispatcher,
    });
    const uuid = processor.recordConversion({ userId: 'v', eventKey: 'purchase' });
    await processor.shutdown();
    expect(dispatcher.uuids).to.deep.equal([uuid]);
  });
});
