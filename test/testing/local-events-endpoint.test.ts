// SPDX-License-Identifier: Apache-2.0
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { startLocalEventsEndpoint } from 'opentelemetry-exporter-optimizely/testing';
import { batchOf, codesOf, conversion, DATAFILE, impression, makeEndpoint, NOW } from './batches.js';

const LIMIT = 3_500_000;

/** A batch whose text has exactly so many bytes. */
function batchOfBytes(bytes: number): string {
  const visitors = [conversion()];
  const rest = JSON.stringify(batchOf(visitors, { filler: '' })).length;
  return JSON.stringify(batchOf(visitors, { filler: 'x'.repeat(bytes - rest) }));
}

async function open(url: string, host = '127.0.0.1'): Promise<Socket> {
  const socket = connect(Number(new URL(url).port), host);
  await once(socket, 'connect');
  return socket;
}

describe('startLocalEventsEndpoint', () => {
  it('answers 204 without a body, and keeps the batch as it came', async () => {
    await using local = await makeEndpoint();
    const batch = batchOf([impression(), conversion({ event: { tags: { sku: 'ä' } } })]);
    const headers = { 'content-type': 'application/json' };
    expect(await local.post(batch, headers)).to.deep.equal({ status: 204, text: '' });
    expect(local.endpoint.batches).to.have.length(1);
    const [received] = local.endpoint.batches;
    expect(received?.params).to.deep.equal(batch);
    expect(received?.headers).to.include(headers);
    expect(received).to.include({
      receivedAt: NOW,
      statusCode: 204,
      byteLength: Buffer.byteLength(JSON.stringify(batch)),
    });
    expect(received?.problems).to.deep.equal([]);
  });

  it('tells its events flat, in order', async () => {
    await using local = await makeEndpoint();
    const metadata = { flag_key: 'checkout', rule_key: 'r', rule_type: 'feature-test', variation_key: 'on' };
    await local.send(
      impression({ event: { uuid: 'one' }, metadata }),
      conversion({ visitorId: '', event: { uuid: 'two', timestamp: NOW - 1 } }),
    );
    const [first, second] = local.endpoint.batches[0]?.events ?? [];
    expect(first).to.deep.equal({
      type: 'impression',
      visitorId: 'ada',
      uuid: 'one',
      timestamp: NOW - 10_000,
      entityId: '10',
      key: 'campaign_activated',
      experimentId: '100',
      campaignId: '10',
      variationId: '1001',
      variationKey: 'on',
      ruleKey: 'r',
      ruleType: 'feature-test',
      flagKey: 'checkout',
      problems: [],
    });
    expect(Object.keys(second ?? {})).to.have.members(
      ['type', 'visitorId', 'uuid', 'timestamp', 'entityId', 'key', 'problems'], // no decision, no more
    );
    expect(second).to.include({
      type: 'conversion',
      visitorId: '',
      uuid: 'two',
      entityId: '300',
      key: 'purchase',
    });
  });

  it('takes 3,500,000 bytes and answers one more with 400', async () => {
    await using local = await makeEndpoint();
    expect(await local.post(batchOfBytes(LIMIT))).to.include({ status: 204 });
    const { status, text } = await local.post(batchOfBytes(LIMIT + 1));
    expect(status).to.equal(400);
    expect(text).to.contain('3500000 bytes');
    expect(local.endpoint.batches.map(({ byteLength }) => byteLength)).to.deep.equal([LIMIT]);
  });

  it('lets a client that streams far too much see its 400, and serves on', async () => {
    await using local = await makeEndpoint();
    const chunk = new Uint8Array(1_000_000).fill(0x20);
    let left = 40;
    const body = new ReadableStream({
      pull: controller => (left-- > 0 ? controller.enqueue(chunk) : controller.close()),
    });
    const request = { method: 'POST', body, duplex: 'half' } as RequestInit;
    expect(await fetch(local.endpoint.url, request)).to.include({ status: 400 });
    expect(left).to.be.below(0);
    expect(await local.send(impression())).to.include({ status: 204 });
  });

  for (const [name, body, message] of [
    ['no JSON', '{"visitors":[', 'not valid JSON'],
    ['nothing', '', 'not valid JSON'],
    ['null', 'null', '"visitors"'],
    ['a list', '[{"visitors":[]}]', '"visitors"'],
    ['an object without a list of visitors', '{"visitors":{"0":{}}}', '"visitors"'],
  ] as const) {
    it(`answers ${name} with 400`, async () => {
      await using local = await makeEndpoint();
      const { status, text } = await local.post(body);
      expect(status).to.equal(400);
      expect(text).to.contain(message);
      expect(local.endpoint.batches).to.deep.equal([]);
    });
  }

  it('answers other paths with 404 and other methods with 405', async () => {
    await using local = await makeEndpoint();
    const { url } = local.endpoint;
    const body = JSON.stringify(batchOf([impression()]));
    expect(await fetch(url.replace('/events', '/event'), { method: 'POST', body })).to.include({
      status: 404,
    });
    for (const method of ['GET', 'PUT', 'DELETE']) {
      const response = await fetch(url, { method });
      expect(response.status, method).to.equal(405);
      expect(response.headers.get('allow')).to.equal('POST');
    }
    expect(local.endpoint.batches).to.deep.equal([]);
    expect(await fetch(`${url}?a=1`, { method: 'POST', body })).to.include({ status: 204 });
  });

  it('answers what respond says, and keeps the batch with that status', async () => {
    const asked: [number, number][] = [];
    await using local = await makeEndpoint({
      respond: ({ statusCode, events }) => {
        asked.push([statusCode, events.length]);
        return asked.length === 1 ? 503 : undefined;
      },
    });
    expect(await local.send(impression(), conversion())).to.include({ status: 503 });
    expect(await local.send(impression())).to.include({ status: 204 });
    expect(asked).to.deep.equal([
      [204, 2],
      [204, 1],
    ]);
    expect(local.endpoint.batches.map(({ statusCode }) => statusCode)).to.deep.equal([503, 204]);
  });

  it('has not received the events of a batch it answered otherwise', async () => {
    let status = 503;
    await using local = await makeEndpoint({ respond: () => status });
    const sent = impression();
    await local.send(sent, conversion());
    status = 202;
    await local.send(conversion());
    await local.send(sent);
    await local.send(sent);
    expect(local.codes()).to.deep.equal([[], [], [], [], ['duplicate']]);
    await local.send(conversion({ visitorId: 'never decided' }));
    expect(local.codes().at(-1)).to.deep.equal(['no_earlier_decision']);
  });

  it('does not take a decision from a batch it answered otherwise', async () => {
    await using local = await makeEndpoint({
      respond: ({ events }) => (events[0]?.type === 'impression' ? 500 : undefined),
    });
    await local.send(impression());
    await local.send(conversion());
    expect(local.codes()).to.deep.equal([[], ['no_earlier_decision']]);
  });

  it('answers 500 where respond throws or returns no status', async () => {
    const answers: unknown[] = [new Error('no'), 199, 600, 204.5, Number.NaN, '204', Promise.resolve(204)];
    const count = answers.length;
    await using local = await makeEndpoint({
      respond: () => {
        const answer = answers.shift();
        if (answer instanceof Error) throw answer;
        return answer as number;
      },
    });
    for (let index = 0; index < count; index++) {
      const { status, text } = await local.send(impression());
      expect(status).to.equal(500);
      expect(text).to.match(/^respond /);
    }
    expect(await local.send(impression())).to.include({ status: 204 });
  });

  it('answers 500 where the clock it was given throws', async () => {
    const now = () => {
      throw new Error('no time');
    };
    await using local = await makeEndpoint({ now });
    expect(await local.send(impression())).to.deep.equal({ status: 500, text: 'no time' });
  });

  it('refuses broken fields where the request asks for strict checks, and only there', async () => {
    await using local = await makeEndpoint();
    const strict = { 'X-Optimizely-Strict': 'true' };
    const early = conversion({ visitorId: 'never decided' });
    for (const event of [{ timestamp: NOW / 1_000 }, { revenue: 0.5 }, { value: '1' }, { uuid: undefined }]) {
      const { status, text } = await local.post(batchOf([impression(), conversion({ event })]), strict);
      expect(status).to.equal(400);
      expect(text).to.contain(Object.keys(event)[0]);
      expect(await local.send(conversion({ event }))).to.include({ status: 204 });
    }
    expect(await local.post(batchOf([early]), strict)).to.include({ status: 204 });
    expect(local.endpoint.batches.map(({ statusCode }) => statusCode)).to.deep.equal(
      [400, 204, 400, 204, 400, 204, 400, 204, 204], // each refused batch joins the list too
    );
  });

  for (const [name, visitors, problems] of [
    ['no visitors', [], ['the batch holds no events']],
    ['visitors that are none', [null, 5, 'x', []], ['visitors[0], visitors[1], visitors[2] and 1 more:']],
    ['no snapshots', [{ visitor_id: 'ada' }], ['visitors[0].snapshots:']],
    [
      'snapshots that are none',
      [{ snapshots: [7, null] }],
      ['visitors[0].snapshots[0], visitors[0].snapshots[1]:'],
    ],
    ['events that are no list', [{ snapshots: [{ events: 5 }] }], ['visitors[0].snapshots[0].events:']],
    ['events that are none', [{ snapshots: [{ events: [null] }] }], ['visitors[0].snapshots[0].events[0]:']],
  ] as const) {
    it(`takes a batch with ${name}, and says what in it does not count`, async () => {
      await using local = await makeEndpoint();
      expect(await local.send(...visitors)).to.include({ status: 204 });
      const [batch] = local.endpoint.batches;
      expect(batch?.problems.map(({ code }) => code)).to.deep.equal(problems.map(() => 'malformed'));
      expect(batch?.problems[0]?.message).to.contain(problems[0]);
      expect(batch?.events).to.deep.equal([]);
    });
  }

  it('takes any JSON in place of a member', async () => {
    await using local = await makeEndpoint();
    const odd = [
      'null',
      '5',
      '""',
      '[]',
      '[null]',
      '{}',
      'true',
      '1e999',
      '-0',
      '{"__proto__":{"a":1},"constructor":1}',
    ];
    const members = [
      ...[
        'account_id',
        'project_id',
        'visitor_id',
        'decisions',
        'campaign_id',
        'experiment_id',
        'variation_id',
      ],
      ...[
        'metadata',
        'flag_key',
        'entity_id',
        'timestamp',
        'key',
        'type',
        'uuid',
        'revenue',
        'value',
        'tags',
      ],
      ...['visitors', 'snapshots', 'events', 'attributes'],
    ];
    const event = { revenue: 1, value: 1, tags: {}, type: 'other' };
    const batch = batchOf([impression(), conversion({ event })]);
    for (const member of members) {
      const hole = JSON.stringify(batch, (name, value) => (name === member ? '?' : value));
      expect(hole, member).to.contain(`"${member}":"?"`);
      for (const value of odd) {
        const { status } = await local.post(hole.replaceAll('"?"', value));
        expect(status, `${member}: ${value}`).to.equal(
          member === 'visitors' && !value.startsWith('[') ? 400 : 204, // without a list it is no batch
        );
      }
    }
  });

  it('takes members that have the names of a prototype', async () => {
    await using local = await makeEndpoint({ datafile: DATAFILE });
    const text = JSON.stringify(
      batchOf([impression({ visitorId: '__proto__', event: { uuid: '__proto__' } })]),
    );
    const inserted = '{"__proto__":{"campaign_id":"8","polluted":1},"constructor":1,"hasOwnProperty":null,';
    expect(await local.post(text.replaceAll('{', inserted))).to.include({ status: 204 });
    expect(local.codes()).to.deep.equal([[]]);
    expect({}).not.to.have.property('polluted');
  });

  it('takes JSON of any depth', async () => {
    await using local = await makeEndpoint();
    const deep = `${'['.repeat(200_000)}${']'.repeat(200_000)}`;
    const { status } = await local.post(
      JSON.stringify(batchOf([impression(), 'deep'])).replace('"deep"', deep),
    );
    expect(status).to.equal(204);
    expect(local.codes()).to.deep.equal([[]]);
  });

  it('listens on 127.0.0.1 alone, at the port that url has', async () => {
    await using local = await makeEndpoint();
    const { url } = local.endpoint;
    expect(url).to.match(/^http:\/\/127\.0\.0\.1:\d+\/v1\/events$/);
    (await open(url)).destroy();
    for (const host of ['127.0.0.2', '::1']) {
      const refused = await open(url, host).then(
        socket => void socket.destroy(),
        error => error,
      );
      expect(refused, host).to.be.instanceOf(Error);
    }
  });

  it('takes the port given, and rejects where somebody has it', async () => {
    const first = await makeEndpoint();
    const port = Number(new URL(first.endpoint.url).port);
    const taken = await startLocalEventsEndpoint({ port }).catch((error: unknown) => error);
    expect(taken).to.include({ code: 'EADDRINUSE' });
    await first.endpoint.close();
    await using second = await startLocalEventsEndpoint({ port });
    expect(second.url).to.equal(first.endpoint.url);
  });

  for (const datafile of ['', '{', '[]', 'null', []] as (string | object)[]) {
    it(`rejects the datafile ${JSON.stringify(datafile)}`, async () => {
      const error = await startLocalEventsEndpoint({ datafile }).catch((error: unknown) => error);
      expect(error).to.be.instanceOf(TypeError).with.property('message').that.contains('datafile must be');
    });
  }

  it('ends open connections when it is closed, whatever they were doing, and any number of times', async () => {
    const local = await makeEndpoint();
    const { url } = local.endpoint;
    const idle = await open(url);
    const writing = await open(url);
    writing.write('POST /v1/events HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n{"visitors":[');
    await local.send(impression());
    const ended = [idle, writing].map(socket => {
      socket.on('error', () => {});
      return once(socket.resume(), 'close');
    });
    const closed = local.endpoint.close();
    await Promise.all([closed, local.endpoint.close(), ...ended]);
    await local.endpoint.close();
    const refused = await open(url).catch((error: unknown) => error);
    expect(refused).to.include({ code: 'ECONNREFUSED' });
  });

  it('is closed at the end of an await using', async () => {
    let url: string;
    {
      await using endpoint = await startLocalEventsEndpoint();
      url = endpoint.url;
      (await open(url)).destroy();
    }
    const refused = await open(url).catch((error: unknown) => error);
    expect(refused).to.include({ code: 'ECONNREFUSED' });
  });

  it('serves on after a client that went away in the middle', async () => {
    await using local = await makeEndpoint();
    const socket = await open(local.endpoint.url);
    socket.write('POST /v1/events HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n{"visi');
    socket.resetAndDestroy();
    expect(await local.send(impression())).to.include({ status: 204 });
    expect(local.endpoint.batches).to.have.length(1);
  });

  it('lets a process end once it is closed', async () => {
    const script = `
      import { startLocalEventsEndpoint } from 'opentelemetry-exporter-optimizely/testing';
      const endpoint = await startLocalEventsEndpoint();
      await (await fetch(endpoint.url, { method: 'POST', body: '{"visitors":[]}' })).text();
      await endpoint.close();
      console.log(endpoint.batches.length);`;
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], {
      timeout: 10_000,
    });
    expect(stdout.trim()).to.equal('1');
  });

  it('reads the clock it was given when a batch comes', async () => {
    let now = NOW;
    await using local = await makeEndpoint({ now: () => now });
    const later = () => impression({ event: { timestamp: NOW + 120_000 } });
    await local.send(later());
    now += 120_000;
    await local.send(later());
    expect(local.endpoint.batches.map(({ receivedAt }) => receivedAt)).to.deep.equal([NOW, now]);
    expect(local.endpoint.batches.map(({ events }) => events.map(codesOf))).to.deep.equal([
      [['timestamp_in_future']],
      [[]],
    ]);
  });
});
