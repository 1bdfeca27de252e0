// SPDX-License-Identifier: Apache-2.0
import { expect } from 'chai';
import { codeBlocks, readPage, sections, tableRows } from '../../../test/docs/markdown.js';
import { USAGE } from '../src/cli/usage.js';
import { CONFIG_SCHEMA } from '../src/config/config-schema.js';
import { readConfigFile } from '../src/config/read-config.js';
import { PrometheusPage } from '../src/server/prometheus-page.js';
import { SERVER_DEFAULTS } from '../src/server/server-options.js';
import { observeStream } from '../src/server/stream-metrics.js';
import { LOSS_CASES } from './faults/kafka-loss-cases.js';
import { closeServings, startServing } from './support/serving.js';
import { closeGateways, makeFolder, writeJson } from './support/start.js';

const PAGE = 'docs/gateway.md';

const rowsUnder = (heading: string) => {
  const section = sections(PAGE).find(one => one.heading === heading);
  return tableRows(section?.lines ?? []);
};
const namesIn = (cell: string) => [...cell.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name);

describe('docs/gateway.md', () => {
  afterEach(async () => {
    await closeServings();
    await closeGateways();
  });

  it('has a row for each flag of the command, and no other', () => {
    const told = rowsUnder('Running it').flatMap(([cell = '']) => cell.match(/--[a-z-]+/g) ?? []);
    const known = new Set(USAGE.match(/--[a-z-]+/g));
    for (const flag of ['--help', '--version']) known.delete(flag);
    expect(told.sort()).to.deep.equal([...known].sort());
  });

  it('has a row with the right default for each option of the server', () => {
    const rows = rowsUnder('Limits').flatMap(([names = '', , fallback = '']) =>
      namesIn(names).map(name => [name, fallback.replaceAll(/[`,]/g, '')] as const),
    );
    const options = Object.keys(CONFIG_SCHEMA.properties.server.properties);
    expect(rows.map(([name]) => name)).to.have.members(options);
    const defaults = SERVER_DEFAULTS as Readonly<Record<string, string | number>>;
    for (const [name, fallback] of rows) expect(fallback, name).to.equal(String(defaults[name] ?? 'none'));
  });

  it('has a row for each setting with which `npm run kafka:faults -- --losses` loses events', () => {
    const told = rowsUnder('Kafka through the Collector')
      .filter(([, , lost = '']) => /^[\d,]+ of [\d,]+$/.test(lost))
      .map(([setting = '']) => setting.replace(/ \([^)]*\)$/, ''));
    expect(told.sort()).to.deep.equal(LOSS_CASES.map(({ setting }) => setting).sort());
  });

  it('has a row for each metric', async () => {
    const { url, metrics } = await startServing();
    await fetch(`${url}/v1/traces`, { method: 'POST', body: '{}' });
    metrics.count({ door: 'otlp', project: 'shop', sender: 'team', outcome: 'taken', count: 1 });
    const text = await (await fetch(`${url}/metrics`)).text();
    const served = [...text.matchAll(/^# TYPE (optimizely_gateway_\w+?)(?:_total)? /gm)].map(
      ([, name]) => name,
    );
    const told = rowsUnder('Health, metrics, logs').flatMap(([cell = '']) => namesIn(cell));
    expect(told.map(name => name.replaceAll('.', '_')).sort()).to.deep.equal(served.sort());
  });

  it('has a row for each metric of a stream', async () => {
    const page = new PrometheusPage();
    const parked = new Map([['unreadable', 1]]);
    const figures = { messages: 1, bytes: 1, unacknowledged: 1, redelivered: 1, lost: 1, parked };
    observeStream(page.meterProvider.getMeter('test'), () => figures);
    const text = String((await page.answer()).body);
    const served = [...text.matchAll(/^# TYPE (optimizely_gateway_stream_\w+?)(?:_total)? /gm)];
    const told = rowsUnder('Over NATS JetStream').flatMap(([cell = '']) => namesIn(cell));
    const names = told.filter(name => name.startsWith('optimizely.gateway.stream.'));
    expect(names.map(name => name.replaceAll('.', '_')).sort()).to.deep.equal(
      served.map(([, name]) => name).sort(),
    );
    await page.close();
  });

  it('alerts on metrics, attributes, and outcomes that there are, of counters that begin at zero or are told how they begin', () => {
    const alerts = codeBlocks(PAGE).filter(({ language }) => language === 'promql');
    const code = alerts.map(({ code: text }) => text.replaceAll(/^#.*$/gm, '')).join('\n');
    const rows = [
      ...rowsUnder('Health, metrics, logs'),
      ...rowsUnder('Over NATS JetStream'),
      ...sections('docs/metrics.md').flatMap(({ lines }) => tableRows(lines)),
    ];
    const names = rows.flatMap(([cell = '', kind = '']) =>
      namesIn(cell).map(
        name =>
          `${name.replaceAll('.', '_')}${kind.includes('counter') && !kind.includes('up-down') ? '_total' : ''}`,
      ),
    );
    const attributes = ['optimizely_project', 'optimizely_gateway_outcome', 'http_response_status_code'];
    const used = new Set(code.match(/\b(?:optimizely|otel|http|error)_\w+/g));
    expect([...names, ...attributes]).to.include.members([...used]);
    const outcomes = [...code.matchAll(/outcome!?~"([^"]+)"/g)].flatMap(([, list = '']) => list.split('|'));
    const told = [
      ...rowsUnder('Refused for good').flatMap(([cell = '']) => namesIn(cell)),
      'taken',
      'streamed',
      'shown_only',
    ];
    expect(told).to.include.members(outcomes);
    for (const [, name = ''] of code.matchAll(/\bincrease\((\w+)/g)) {
      const isFromZero = name.startsWith('optimizely_gateway_stream_');
      expect(isFromZero || code.includes(`unless ${name} offset`), name).to.equal(true);
    }
  });

  it('shows a configuration that can be used', () => {
    const [, example = ''] = /```json\n([\s\S]*?)```/.exec(readPage(PAGE)) ?? [];
    const { projects, server } = readConfigFile(writeJson(makeFolder(), 'gateway.json', example), {
      SHOP_TOKEN: 'secret',
    });
    expect(Object.keys(projects)).to.deep.equal(['shop', 'blog']);
    expect(server?.tokenFile).to.match(/\/tokens$/);
  });
});
