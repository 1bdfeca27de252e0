// SPDX-License-Identifier: Apache-2.0
import { once } from 'node:events';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { expect } from 'chai';
import {
  type LocalEventsEndpoint,
  startLocalEventsEndpoint,
} from 'opentelemetry-exporter-optimizely/testing';
import { ConfigError, type GatewayOptions, startGateway } from 'optimizely-event-gateway';
import { makeDatafile } from '../../../test/support/datafile.js';
import {
  closeGateways,
  conversions,
  makeFolder,
  sendTraces,
  startTestGateway,
  writeJson,
} from './support/start.js';

const visitors = (endpoint: LocalEventsEndpoint) =>
  endpoint.batches.flatMap(({ params }) => params.visitors.map(visitor => visitor.visitor_id));

describe('startGateway', () => {
  let folder: string;
  let datafile: string;
  let endpoint: LocalEventsEndpoint;
  const quick = { flushIntervalMillis: 1 };

  beforeEach(async () => {
    folder = makeFolder();
    datafile = writeJson(folder, 'datafile.json', makeDatafile());
    endpoint = await startLocalEventsEndpoint();
  });
  afterEach(async () => {
    await closeGateways();
    await endpoint.close();
  });

  it('delivers the events of a trace, and answers once they are', async () => {
    const { url, gateway } = await startTestGateway({ datafile, endpoint: endpoint.url, ...quick });
    const response = await sendTraces(url, conversions(['ada', 'eve']));
    expect(response.status).to.equal(200);
    expect(await response.text()).to.equal('{}');
    expect(visitors(endpoint)).to.deep.equal(['ada', 'eve']);
    expect(gateway.ledger().default).to.deep.include({ recorded: 2, delivered: 2, pending: 0 });
    expect(gateway.ready).to.equal(true);
  });

  it("delivers the batches of Optimizely's SDKs", async () => {
    const { url } = await startTestGateway({ datafile, endpoint: endpoint.url, ...quick });
    const event = {
      entity_id: '900',
      key: 'purchase',
      timestamp: Date.now(),
      uuid: '00000000-0000-4000-8000-000000000001',
    };
    const batch = {
      account_id: '12001',
      project_id: (makeDatafile() as { projectId: string }).projectId,
      revision: '7',
      client_name: 'python-sdk',
      client_version: '5.2.0',
      anonymize_ip: true,
      enrich_decisions: true,
      visitors: [{ visitor_id: 'ada', attributes: [], snapshots: [{ decisions: [], events: [event] }] }],
    };
    const response = await fetch(`${url}/v1/events`, { method: 'POST', body: JSON.stringify(batch) });
    expect(response.status).to.equal(204);
    expect(endpoint.batches[0]?.params).to.include({ client_name: 'python-sdk', client_version: '5.2.0' });
    expect(visitors(endpoint)).to.deep.equal(['ada']);
  });

  it('logs why a request is refused: many senders do not show what they are answered', async () => {
    const { url, logger } = await startTestGateway({ datafile, endpoint: endpoint.url });
    const send = (path: string, type: string, body: string) =>
      fetch(`${url}${path}`, { method: 'POST', headers: { 'content-type': type }, body });
    await send('/v1/events', 'application/json', '{"visitors": NaN}');
    await send('/v1/traces', 'application/x-protobuf', 'no protobuf');
    await send('/v1/logs', 'text/plain', '{}');
    expect(logger.at('warn')).to.deep.equal([
      'requests of events refused with 400: the body is not JSON: see line 1, column 14: NaN is not a JSON value',
      'requests of traces refused with 400: the body is not valid protobuf',
      'requests of logs refused with 415: the content type must be application/x-protobuf or application/json',
    ]);
  });

  it('keeps its store within the bytes that it is given', async () => {
    const away = await startLocalEventsEndpoint({ respond: () => 503 });
    const store = join(folder, 'store');
    const { url } = await startTestGateway({ datafile, endpoint: away.url, store, maxStoreBytes: 200_000 });
    const users = (from: number) => Array.from({ length: 200 }, (_, n) => `user-${from + n}`);
    const answers: number[] = [];
    for (let n = 0; n < 3; n++) answers.push((await sendTraces(url, conversions(users(n * 200)))).status);
    expect([answers[0], answers.at(-1)]).to.deep.equal([200, 503]);
    await away.close();
  });

  it('counts events by door, project, sender, and outcome, and shows the delivery of each project', async () => {
    const { url } = await startTestGateway({ datafile, endpoint: endpoint.url, ...quick });
    await sendTraces(url, conversions(['ada', 'eve']));
    const text = await (await fetch(`${url}/metrics`)).text();
    expect(text).to.match(
      /^optimizely_gateway_events_total\{.*door="otlp".*project="default".*sender="127.0.0.1".*outcome="taken".*\} 2$/m,
    );
    expect(text).to.match(/^optimizely_processor_event_processed_total\{.*\} 2$/m);
  });

  it('shows no figures of a project that has left the configuration, and none twice of one that was replaced', async () => {
    const shop = { datafile: 'datafile.json', endpoint: endpoint.url, ...quick };
    const old = { ...shop, store: 'store' };
    const config = writeJson(folder, 'gateway.json', { projects: { shop, old }, default: 'shop' });
    const { url, gateway } = await startTestGateway({ config });
    const gauges = async () => {
      const text = await (await fetch(`${url}/metrics`)).text();
      const names = [...text.matchAll(/^# TYPE (\S+) gauge$/gm)].map(([, name]) => name);
      // What is in flight is added up, and so stays as it was: at zero.
      return text
        .split('\n')
        .filter(line => names.some(name => line.startsWith(`${name}{`)) && !line.includes('inflight'));
    };
    const of = (lines: string[], project: string) =>
      lines.filter(line => line.includes(`optimizely_project="${project}"`)).map(line => line.split('{')[0]);
    const before = await gauges();
    expect(of(before, 'old')).to.include.members([
      'optimizely_gateway_project_ready',
      'optimizely_store_event_count',
    ]);
    writeJson(folder, 'gateway.json', { projects: { shop: { ...shop, batchSize: 7 } }, default: 'shop' });
    await gateway.reload();
    const after = await gauges();
    expect(of(after, 'old')).to.deep.equal([]);
    expect(of(after, 'shop')).to.deep.equal(of(before, 'shop'));
  });

  it('routes to the projects of a configuration file', async () => {
    const other = await startLocalEventsEndpoint();
    const config = writeJson(folder, 'gateway.json', {
      projects: {
        shop: { datafile: 'datafile.json', endpoint: endpoint.url, ...quick },
        blog: { datafile: 'datafile.json', endpoint: other.url, ...quick },
      },
      default: 'shop',
      server: { maxBodyBytes: 10_000 },
    });
    const { url, gateway } = await startTestGateway({ config });
    await sendTraces(url, conversions(['default']));
    await sendTraces(url, conversions(['header']), { 'x-optimizely-project': 'blog' });
    await sendTraces(url, conversions(['resource'], { 'optimizely.project': 'blog' }));
    expect(visitors(endpoint)).to.deep.equal(['default']);
    expect(visitors(other)).to.deep.equal(['header', 'resource']);
    expect(gateway.ledger().blog?.delivered).to.equal(2);
    expect((await sendTraces(url, 'x'.repeat(10_001))).status).to.equal(413);
    await other.close();
  });

  it('brings a changed configuration into force, and keeps the old one if the new one is of no use', async () => {
    const projects = { shop: { datafile: 'datafile.json', endpoint: endpoint.url, ...quick } };
    const config = writeJson(folder, 'gateway.json', { projects, default: 'shop' });
    const { url, gateway, logger } = await startTestGateway({ config });
    for (const bad of ['{', { projects: {} }, { projects, default: 'none' }, { projects, prot: 1 }]) {
      writeJson(folder, 'gateway.json', bad);
      expect(await gateway.reload()).to.have.length(1);
      expect((await sendTraces(url, conversions(['old']))).status).to.equal(200);
    }
    expect(logger.at('error')).to.have.length(4);
    expect(logger.at('error')[3]).to.contain('stays as it was').and.to.contain('"prot"');
    const other = await startLocalEventsEndpoint();
    const changed = { shop: { ...projects.shop, endpoint: other.url }, blog: projects.shop };
    writeJson(folder, 'gateway.json', { projects: changed, default: 'shop', server: { maxBodyBytes: 5 } });
    expect(await gateway.reload()).to.deep.equal([]);
    expect(logger.at('warn').join()).to.contain('server.maxBodyBytes take effect at the next start');
    await sendTraces(url, conversions(['new']));
    expect(visitors(other)).to.deep.equal(['new']);
    expect(Object.keys(gateway.ledger())).to.deep.equal(['shop', 'blog']);
    await other.close();
  });

  it('keeps the configuration whose datafile is there, where another one names one that is not', async () => {
    const config = writeJson(folder, 'gateway.json', {
      projects: { shop: { datafile, endpoint: endpoint.url } },
    });
    const { url, gateway } = await startTestGateway({ config });
    writeJson(folder, 'gateway.json', {
      projects: { shop: { datafile: 'none.json', endpoint: endpoint.url } },
    });
    expect((await gateway.reload()).join())
      .to.contain('stays as it was')
      .and.to.contain('none.json');
    expect((await sendTraces(url, conversions(['ada']))).status).to.equal(200);
  });

  for (const [message, relay] of [
    ['relay.role must be one of receive, deliver, both', { servers: 'a:1', role: 'send' }],
    ['relay.maxMessages must be at least 1', { servers: 'a:1', maxMessages: 0 }],
    ['relay has no option "server"', { servers: 'a:1', server: 'b' }],
    ['relay must have "servers"', {}],
    ['relay.replicas must be one of 1, 3, 5', { servers: 'a:1', replicas: 2 }],
    ['relay: a NATS server is nats://host:port', { servers: 'http://a:1' }],
  ] as const) {
    it(`refuses a relay that cannot be used: ${message}`, async () => {
      const error = await startTestGateway({ datafile, relay: relay as never }).catch(caught => caught);
      expect(error).to.be.an.instanceOf(ConfigError);
      expect(error.message).to.contain(message);
    });
  }

  it('says that another relay takes effect at the next start', async () => {
    const write = (stream: string) =>
      writeJson(folder, 'gateway.json', {
        projects: { shop: { datafile } },
        relay: { servers: 'nats://127.0.0.1:1', role: 'receive', stream },
      });
    const { gateway, logger } = await startTestGateway({ config: write('one') });
    await gateway.reload();
    expect(logger.at('warn')).to.deep.equal([]);
    write('two');
    await gateway.reload();
    expect(logger.at('warn')).to.deep.equal(['changes of relay take effect at the next start']);
  });

  it('reads flag evaluations from the moment that the configuration asks for them', async () => {
    const shop = { datafile: 'datafile.json', endpoint: endpoint.url, ...quick };
    const config = writeJson(folder, 'gateway.json', { projects: { shop } });
    const { url, gateway } = await startTestGateway({ config });
    const evaluation = conversions(['ada'])
      .replaceAll('optimizely.conversion', 'feature_flag.evaluation')
      .replaceAll(
        '{"key":"optimizely.event.key","value":{"stringValue":"purchase"}}',
        [
          ['feature_flag.key', 'checkout'],
          ['feature_flag.result.variant', 'treatment'],
          ['feature_flag.provider.name', 'optimizely'],
          ['optimizely.rule.key', 'checkout_test'],
        ]
          .map(([key, stringValue]) => JSON.stringify({ key, value: { stringValue } }))
          .join(),
      );
    await sendTraces(url, evaluation);
    expect(gateway.ledger().shop?.recorded).to.equal(0);
    writeJson(folder, 'gateway.json', { projects: { shop: { ...shop, evaluationEvents: true } } });
    await gateway.reload();
    await sendTraces(url, evaluation);
    expect(gateway.ledger().shop?.recorded).to.equal(1);
  });

  it('ends with what it took delivered, the receipts given, and the port free', async () => {
    const { gateway, url } = await startTestGateway({
      datafile,
      endpoint: endpoint.url,
      flushIntervalMillis: 3_600_000,
    });
    const receipt = sendTraces(url, conversions(['ada']));
    while (gateway.ledger().default?.recorded !== 1) await new Promise(resolve => setImmediate(resolve));
    const closed = gateway.close();
    expect(gateway.close()).to.equal(closed);
    expect((await receipt).status).to.equal(200);
    await closed;
    expect(visitors(endpoint)).to.deep.equal(['ada']);
    expect(gateway.ready).to.equal(false);
    const { port } = gateway.address;
    const server = createServer().listen(port, '127.0.0.1');
    await once(server, 'listening');
  });

  it('puts events of many small requests into few requests to Optimizely', async () => {
    const { url } = await startTestGateway({ datafile, endpoint: endpoint.url, flushIntervalMillis: 50 });
    const statuses = await Promise.all(
      Array.from({ length: 300 }, async (_, index) => {
        const body = conversions([`a-${index}`, `b-${index}`]);
        for (;;) {
          const response = await sendTraces(url, body);
          await response.arrayBuffer();
          // A machine that is busy with other work may have more of them than it can bear.
          if (response.status !== 503) return response.status;
        }
      }),
    );
    expect(statuses).to.deep.equal(Array(300).fill(200));
    expect(new Set(visitors(endpoint)).size).to.equal(600);
    expect(endpoint.batches).to.have.length.below(30);
  });

  it('refuses requests unread while no project has room, and takes them again once there is', async () => {
    let isAway = true;
    const away = await startLocalEventsEndpoint({ respond: () => (isAway ? 503 : undefined) });
    const config = writeJson(folder, 'gateway.json', {
      projects: { shop: { datafile: 'datafile.json', endpoint: away.url, ...quick, maxQueueSize: 100 } },
      ackTimeoutMillis: 50,
    });
    const { url } = await startTestGateway({ config });
    const users = Array.from({ length: 88 }, (_, index) => `user-${index}`);
    const first = await sendTraces(url, conversions(users));
    expect(await first.json()).to.have.property('message', 'not_delivered_in_time');
    const second = await sendTraces(url, 'this is not read');
    expect(second.status).to.equal(503);
    expect(await second.json()).to.have.property('message', 'queue_full');
    isAway = false;
    let status = 503;
    while (status === 503) ({ status } = await sendTraces(url, conversions(['later'])));
    expect(status).to.equal(200);
    await away.close();
  });

  it('answers 503 until there is a datafile, and is not ready', async () => {
    const server = createServer((_, response) => void response.writeHead(503).end()).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as { port: number };
    const datafileUrlTemplate = `http://127.0.0.1:${port}/{sdkKey}.json`;
    const { url, gateway } = await startTestGateway({
      sdkKey: 'key',
      datafileUrlTemplate,
      endpoint: endpoint.url,
    });
    const response = await sendTraces(url, conversions(['ada']));
    expect(response.status).to.equal(503);
    expect(Number(response.headers.get('retry-after'))).to.be.within(1, 30);
    expect(gateway.ready).to.equal(false);
    const ready = await fetch(`${url}/readyz`);
    expect(ready.status).to.equal(503);
    expect(await ready.json()).to.have.nested.property('projects.default.reason', 'no_datafile');
  });

  it('keeps user data out of its log lines', async () => {
    const { url, logger } = await startTestGateway({ datafile, endpoint: endpoint.url, ...quick });
    const secret = 'ada.lovelace@example.com';
    await sendTraces(url, conversions([secret]));
    await sendTraces(url, conversions([secret]).replaceAll('purchase', `${'x'.repeat(10)}`));
    await sendTraces(url, conversions([secret]).slice(0, -5));
    await fetch(`${url}/v1/events`, { method: 'POST', body: `{"visitors":[{"visitor_id":"${secret}"` });
    await fetch(`${url}/v1/events?user=${secret}`, { method: 'PUT', body: secret });
    await fetch(`${url}/${secret}`);
    expect(JSON.stringify(logger.lines)).not.to.contain('lovelace');
  });

  describe('refuses options that cannot be used, and says what to write:', () => {
    const cases: [string, () => Record<string, unknown>, string][] = [
      ['none', () => ({}), 'one of sdkKey, datafile, config is needed'],
      ['two sources', () => ({ sdkKey: 'a', datafile }), 'only one of sdkKey, datafile'],
      ['an unknown name', () => ({ datafile, prot: 1 }), 'there is no option prot'],
      ['a wrong port', () => ({ datafile, port: 70_000 }), 'port must be a whole number from 0 to 65535'],
      ['a wrong size', () => ({ datafile, maxBodyBytes: '16MiB' }), 'maxBodyBytes must be a positive whole'],
      [
        'a wrong endpoint',
        () => ({ datafile, endpoint: 'file:///x' }),
        'endpoint must be an http or https URL',
      ],
      ['a wrong ack', () => ({ datafile, ack: 'soon' }), 'ack must be stored or delivered'],
      ['a receipt without a store', () => ({ datafile, ack: 'stored' }), 'ack stored needs store'],
      ['a size without a store', () => ({ datafile, maxStoreBytes: 1_000 }), 'maxStoreBytes needs store'],
      ['a datafile that is not there', () => ({ datafile: join(folder, 'none') }), "can't be read (ENOENT)"],
      ['half of TLS', () => ({ datafile, tlsCert: 'x' }), 'tlsCert and tlsKey belong together'],
      ['an authority without TLS', () => ({ datafile, tlsClientCa: 'x' }), 'tlsClientCa needs tlsCert'],
      ['a token without a key', () => ({ datafile, datafileAccessToken: 'x' }), 'needs sdkKey'],
      ['a store beside a file', () => ({ config: 'x', store: 'y' }), "store can't be used with config"],
      ['a file that is not there', () => ({ config: join(folder, 'none') }), "can't be read (ENOENT)"],
    ];
    for (const [name, options, message] of cases) {
      it(name, async () => {
        const failure = await startGateway({ port: 0, ...options() } as GatewayOptions).catch(error => error);
        expect(failure).to.be.instanceOf(ConfigError);
        expect((failure as Error).message).to.contain(message);
      });
    }

    it('a port that is taken, and leaves nothing behind', async () => {
      const { gateway } = await startTestGateway({ datafile });
      const failure = await startGateway({ datafile, port: gateway.address.port }).catch(error => error);
      expect(failure).to.have.property('code', 'EADDRINUSE');
    });
  });
});
