// SPDX-License-Identifier: Apache-2.0
// Uses the package while Object.prototype has one member more, for each of NAMES, and prints what came out otherwise.
const { mkdtempSync, rmSync } = require('node:fs');
const { tmpdir } = require('node:os');
const { join, sep } = require('node:path');
const { BasicTracerProvider } = require('@opentelemetry/sdk-trace-base');
const { LoggerProvider } = require('@opentelemetry/sdk-logs');

const PACKAGE = 'opentelemetry-exporter-optimizely';
const names = JSON.parse(process.env.NAMES);
const isBefore = process.env.WHEN === 'before';
const VALUES = [() => 'polluted', 'polluted', true];
const stores = mkdtempSync(join(tmpdir(), 'polluted-'));

const datafile = {
  ...{ version: '4', accountId: 'account', projectId: 'project', revision: '7' },
  attributes: [{ id: '9', key: 'plan' }],
  experiments: [
    { id: '100', key: 'banner', layerId: '10', variations: [{ id: '1001', key: 'control' }] },
    { id: '101', key: 'test', layerId: '11', variations: [{ id: '1002', key: 'on' }] },
  ],
  featureFlags: [{ id: '1', key: 'checkout', experimentIds: ['101'], rolloutId: '70' }],
  rollouts: [{ id: '70', experiments: [{ id: '71', key: '71', layerId: '70', variations: [] }] }],
  events: [{ id: '300', key: 'purchase' }],
};

/** All entries that are used, with nothing that an earlier load of them remembers. */
function load() {
  for (const file of Object.keys(require.cache)) {
    if (file.includes(`${sep}dist${sep}`) && !file.includes('node_modules')) delete require.cache[file];
  }
  const from = entry => require(PACKAGE + entry);
  return {
    ...{ ...from(''), ...from('/testing'), ...from('/file-store'), ...from('/logs') },
    ...{ ...from('/openfeature'), ...from('/optimizely-sdk') },
  };
}

function record({ api, processor, tracer, settlement }) {
  const span = tracer.startSpan('request');
  const decision = { flagKey: 'checkout', ruleKey: null, variationKey: null, enabled: false };
  const userContext = { getUserId: () => 'ada', getAttributes: () => ({ plan: 'gold' }) };
  const taken = [
    api.recordImpression({ userId: 'ada', ruleKey: 'banner', variationKey: 'control' }, span),
    api.recordImpression({ userId: 'ada', flagKey: 'checkout', ruleKey: 'test', variationKey: 'on' }),
    api.recordImpression({ ...decision, userContext }, span),
    api.recordConversion({ userId: 'ada', eventKey: 'purchase', tags: { revenue: 5, list: [1] } }, span),
    api.recordConversion({ userId: 'ada', eventKey: 'unknown' }),
    api.recordConversion({ userId: 5, eventKey: 'purchase' }),
    processor.recordConversion({ userId: 'ada', eventKey: 'purchase', timestamp: 1_699_999_999_999 }),
  ].map(uuid => typeof uuid);
  const who = { 'feature_flag.context.id': 'ada' };
  span.addEvent('optimizely.conversion', { ...who, 'optimizely.event.key': 'purchase' });
  span.addEvent('optimizely.impression', { ...who, 'optimizely.rule.key': 'banner' });
  const flag = { 'feature_flag.key': 'checkout', 'feature_flag.result.variant': 'on' };
  span.addEvent('feature_flag.evaluation', { ...who, ...flag });
  span.addEvent('optimizely.impression', {});
  const shown = span.events.map(({ attributes }) => attributes);
  span.end();
  const foreign = { userId: 'eve', uuid: 'foreign', timestamp: 1_700_000_000_000 };
  processor.receive({ ...foreign, type: 'conversion', eventKey: 'purchase' }, settlement);
  processor.receive(
    {
      ...{ ...foreign, type: 'impression', flagKey: '', ruleKey: 'banner' },
      ...{ variationKey: 'control', enabled: true },
    },
    settlement,
  );
  return [taken, shown];
}

async function scenario(api) {
  const seen = [];
  const log = line => void seen.push(line);
  const logger = { error: log, warn: log, info: log, debug() {} };
  async function use({ answers = [], work = record, datafiles, ...options } = Object.create(null)) {
    const runtime = new api.ManualRuntime();
    const sent = [];
    const settled = [];
    const eventDispatcher = {
      dispatchEvent: async logEvent => {
        sent.push(logEvent.body, logEvent.url, logEvent.headers);
        return answers.shift() ?? { statusCode: 204 };
      },
    };
    const notificationCenter = new api.NotificationCenter();
    notificationCenter.addNotificationListener(api.NotificationType.EVENTS_DROPPED, ({ reason, count }) =>
      seen.push(reason, count),
    );
    const source = datafiles === undefined ? { datafile } : { projectConfigManager: datafiles };
    const given = { ...source, eventDispatcher, logger, runtime, notificationCenter, ...options };
    const processor = new api.OptimizelySpanProcessor(given);
    const tracer = new BasicTracerProvider({ spanProcessors: [processor] }).getTracer('test');
    const settlement = { settled: outcome => void settled.push(outcome) };
    seen.push(await work({ api, processor, tracer, settlement }));
    datafiles?.setDatafile(datafile);
    await runtime.advance(120_000);
    const end = processor.shutdown();
    await runtime.advance(1_000);
    await end;
    seen.push(sent, settled, processor.ledger());
  }

  const own = object => Object.setPrototypeOf(object, null);
  await use(own({ evaluationEvents: true }));
  const failing = [{ statusCode: 503, headers: { 'retry-after': '2' } }, { statusCode: 400 }];
  await use(own({ answers: failing, batchSize: 3, traceDetail: 'full' }));
  const beforeSend = event => (event.type === 'conversion' ? { ...event, tags: { a: 1 } } : event);
  await use(own({ beforeSend, allowedAttributes: ['plan'], userIdHashKey: 'k'.repeat(32), dedupe: true }));
  await use(own({ datafiles: new api.StaticProjectConfigManager() }));
  const queue = [];
  const eventQueue = {
    enqueue: event => queue.push({ ...event, uuid: event.uuid }) > 0,
    dequeue: () => queue.shift(),
  };
  await use(own({ eventQueue, startOnInit: true }));
  const directory = mkdtempSync(join(stores, 'store-'));
  await use(own({ eventStore: new api.FileEventStore({ directory }) }));
  await use(own({ emitAs: 'both', work: recordWithLogs }));
  await use(own({ work: recordElsewhere }));
  return JSON.stringify(seen)
    .replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}/g, 'uuid')
    .replaceAll(/\\*"timestamp\\*":\d+/g, 'timestamp')
    .replaceAll(directory, 'directory');
}

function recordWithLogs(given) {
  const records = [];
  const others = {
    onEmit: ({ attributes }) => void records.push(attributes),
    async shutdown() {},
    async forceFlush() {},
  };
  const provider = new LoggerProvider({
    processors: [new given.api.OptimizelyLogRecordProcessor(given.processor), others],
  });
  const attributes = { 'feature_flag.context.id': 'ada', 'optimizely.event.key': 'purchase' };
  provider.getLogger('test').emit({ eventName: 'optimizely.conversion', attributes });
  return [record(given), records];
}

/** As code of Optimizely's SDK and OpenFeature's do. */
async function recordElsewhere({ api, processor }) {
  const events = [{ entity_id: '300', timestamp: 1_700_000_000_000, uuid: 'official', key: 'purchase' }];
  const visitors = [{ visitor_id: 'ada', attributes: [], snapshots: [{ events }] }];
  const who = { account_id: 'account', project_id: 'project', revision: '7', client_name: 'node-sdk' };
  const params = { ...who, client_version: '5', anonymize_ip: true, enrich_decisions: true, visitors };
  const url = 'https://logx.optimizely.com/v1/events';
  await api.createSpanEventDispatcher(processor).dispatchEvent({ url, httpVerb: 'POST', params });
  const context = { targetingKey: 'ada' };
  const details = { flagKey: 'checkout', value: true, variant: 'on', flagMetadata: { ruleKey: 'test' } };
  const providerMetadata = { name: 'optimizely' };
  new api.OptimizelyHook({ processor }).finally(
    { flagKey: 'checkout', context, providerMetadata },
    details,
    {},
  );
  api.withConversions({ metadata: providerMetadata }, { processor }).track('purchase', context, { value: 3 });
}

void (async () => {
  let api = load();
  const expected = await scenario(api);
  const differing = [];
  for (const group of groups()) {
    const pollute = () => {
      for (const name of group) Object.prototype[name] = VALUES[name.length % VALUES.length];
    };
    let got;
    try {
      if (isBefore) pollute();
      api = load();
      if (!isBefore) pollute();
      got = await scenario(api);
    } catch (error) {
      got = String(error?.stack ?? error);
    }
    for (const name of group) delete Object.prototype[name];
    if (got !== expected) differing.push({ group, got: difference(got, expected) });
  }
  rmSync(stores, { recursive: true });
  process.stdout.write(JSON.stringify({ tried: names.length, differing }));
})();

/** What is seen before is what is seen after, but for what the load itself reads: several at once find that, too. */
function groups() {
  const size = isBefore ? 8 : 1;
  return names.flatMap((_, index) => (index % size === 0 ? [names.slice(index, index + size)] : []));
}

function difference(got, expected) {
  let at = 0;
  while (got[at] === expected[at]) at++;
  return `${got.slice(Math.max(0, at - 60), at + 160)} (in place of ${expected.slice(at, at + 80)})`;
}
