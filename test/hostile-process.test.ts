// SPDX-License-Identifier: Apache-2.0
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect } from 'chai';

const run = promisify(execFile);

/** Records through the helpers, a span and the processor, with what `setup` does to the process before. */
const APPLICATION = `
const { OptimizelySpanProcessor, recordConversion, recordImpression, shutdownOnSignals } = require('opentelemetry-exporter-optimizely');
const { BasicTracerProvider } = require('@opentelemetry/sdk-trace-base');
const datafile = JSON.parse(process.env.DATAFILE);
const stringify = JSON.stringify;
eval(process.env.SETUP);
const lines = [];
const log = level => line => void lines.push(level + ': ' + line);
const logger = { error: log('error'), warn: log('warn'), info() {}, debug() {} };
const bodies = [];
const eventDispatcher = { dispatchEvent: async logEvent => { bodies.push(logEvent.body); return { statusCode: 204 }; } };
const processor = new OptimizelySpanProcessor({ datafile, eventDispatcher, logger });
const provider = new BasicTracerProvider({ spanProcessors: [processor] });
const stop = shutdownOnSignals(provider, { logger });
const span = provider.getTracer('test').startSpan('request');
recordImpression({ userId: 'ada', flagKey: '', ruleKey: 'banner', variationKey: 'control' }, span);
recordConversion({ userId: 'ada', eventKey: 'purchase', tags: { revenue: 5, list: [1, { deep: 'é' }] } }, span);
span.addEvent('optimizely.conversion', { 'feature_flag.context.id': 'ada', 'optimizely.event.key': 'purchase' });
span.end();
processor.recordConversion({ userId: 'ada\\ud800\\0', eventKey: 'purchase' });
processor.shutdown().then(() => {
  stop?.();
  process.stdout.write(stringify({ bodies, ledger: processor.ledger(), lines }));
});
`;

const DATAFILE = JSON.stringify({
  version: '4',
  accountId: 'account-1',
  projectId: 'project-1',
  revision: '7',
  experiments: [{ id: '100', key: 'banner', layerId: '10', variations: [{ id: '1001', key: 'control' }] }],
  events: [{ id: '300', key: 'purchase' }],
});

async function recordIn({ setup = '', flags = [] as string[] }) {
  const env = { ...process.env, DATAFILE, SETUP: setup, NODE_OPTIONS: '', NODE_NO_WARNINGS: '1' };
  const { stdout } = await run(process.execPath, [...flags, '-e', APPLICATION], { env });
  return JSON.parse(stdout) as { bodies: string[]; ledger: Record<string, unknown>; lines: string[] };
}

const SYMBOLS = [
  ...['registry.v1', 'store.v1', 'open-processors.v1', 'process-listeners.v1', 'signals.v2'],
  ...['component-counters.v1', 'warnings-said.v1', 'api-copies-said.v1'],
].map(name => `Symbol.for('opentelemetry-exporter-optimizely.${name}')`);
const putForEach = (value: string) => SYMBOLS.map(symbol => `globalThis[${symbol}] = ${value};`).join(' ');

describe('in a process that something else has changed', () => {
  for (const [name, setup] of [
    ['numbers stand where the copies of the package meet', putForEach('5')],
    ['empty objects stand where the copies of the package meet', putForEach('{}')],
    ['null stands where the copies of the package meet', putForEach('null')],
    [
      'what stands where the copies of the package meet throws',
      SYMBOLS.map(
        symbol => `Object.defineProperty(globalThis, ${symbol}, { get() { throw new Error('secret'); } });`,
      ).join(' '),
    ],
    ['nothing can be put on globalThis', 'Object.preventExtensions(globalThis)'],
    [
      'intrinsics are frozen',
      'for (const of of [Object, Array, Function, Promise, Map]) Object.freeze(of.prototype)',
    ],
    ['every object has a getter', "Object.prototype.get = () => 'polluted'"],
    ['every object has a setter', "Object.prototype.set = () => 'polluted'"],
    ['every object has a value and a revenue', 'Object.prototype.value = 9; Object.prototype.revenue = 9'],
    ['every object says that it is not writable', 'Object.prototype.writable = false'],
    ['every object and list has a member more', 'Object.prototype.extra = 1; Array.prototype.extra = 1'],
    [
      'JSON.stringify indents',
      'JSON.stringify = (value, ...rest) => stringify(value, rest[0], rest[1] ?? 2)',
    ],
    ['JSON.parse freezes', 'const { parse } = JSON; JSON.parse = (...all) => Object.freeze(parse(...all))'],
  ] as const) {
    it(`delivers where ${name}`, async () => {
      const { bodies, ledger, lines } = await recordIn({ setup });
      const visitors = bodies.flatMap(body => JSON.parse(body).visitors);
      const sent = visitors.map(({ snapshots }) => snapshots[0].events[0]);
      expect(sent.map(({ key }) => key)).to.have.members([
        'campaign_activated',
        ...Array(3).fill('purchase'),
      ]);
      expect(sent.find(({ tags }) => tags)).to.deep.include({
        revenue: 5,
        tags: { revenue: 5, list: [1, { deep: 'é' }] },
      });
      expect(sent.filter(({ value }) => value !== undefined)).to.deep.equal([]);
      expect(ledger).to.deep.include({ recorded: 4, delivered: 4, pending: 0, dropped: {} });
      expect(lines).to.deep.equal([]);
    });
  }

  for (const flags of [
    ['--frozen-intrinsics'],
    ['--disable-proto=throw'],
    ['--disable-proto=delete'],
    ['--no-experimental-global-webcrypto'],
    ['--unhandled-rejections=strict', '--throw-deprecation'],
  ]) {
    it(`delivers under ${flags.join(' ')}`, async () => {
      const { ledger, lines } = await recordIn({ flags });
      expect(ledger).to.deep.include({ recorded: 4, delivered: 4, pending: 0, dropped: {} });
      expect(lines).to.deep.equal([]);
    });
  }
});
