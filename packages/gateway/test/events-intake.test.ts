// SPDX-License-Identifier: Apache-2.0
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { makeDatafile } from '../../../test/support/datafile.js';
import { startProxy } from '../../../test/support/datafile-server.js';
import { startServer } from '../../../test/support/hostile-server.js';
import { createEventsDoor } from '../src/events-api/events-door.js';
import { closeEngines, countedEvents, makeEngine, makeFolder, until, userIds } from './support/engine.js';

let made = 0;

function visitor(id = `visitor-${++made}`, members: Record<string, unknown> = {}) {
  return {
    visitor_id: id,
    attributes: [],
    snapshots: [
      {
        decisions: null,
        events: [
          { entity_id: '300', key: 'purchase', timestamp: 1_700_000_000_000 + made, uuid: `uuid-${made}` },
        ],
      },
    ],
    ...members,
  };
}

/** As Optimizely's Python SDK sends it. */
function batch(members: Record<string, unknown> = {}) {
  return {
    account_id: 'account-1',
    project_id: 'project-1',
    revision: '6',
    client_name: 'python-sdk',
    client_version: '5.5.0',
    anonymize_ip: true,
    enrich_decisions: true,
    visitors: [visitor()],
    ...members,
  };
}

async function makeDoor(...setup: Parameters<typeof makeEngine>) {
  const made = await makeEngine(...setup);
  const door = createEventsDoor(made.engine.batches);
  const post = async (body: unknown, project?: string, name = 'test') => {
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    const answer = await door.answer({
      body: Buffer.from(text),
      mediaType: 'application/json',
      sender: { name, project },
    });
    const message = answer.body && (JSON.parse(String(answer.body)) as { message: string }).message;
    return { status: answer.status, message, headers: answer.headers };
  };
  /** With the open batches sent at their age. */
  const postAndFlush = async (body: unknown, project?: string) => {
    const answer = post(body, project);
    await made.runtime.advance(2_001);
    return answer;
  };
  return { ...made, post, postAndFlush };
}

describe('batches of Optimizely SDKs', () => {
  afterEach(closeEngines);

  it('arrive in the name and version of their SDK, with all else that the SDK wrote', async () => {
    const { postAndFlush, destination } = await makeDoor();
    const sent = batch({
      region: 'EU',
      later_member: { a: [1] },
      visitors: [
        visitor('', {
          session_id: 'session',
          attributes: [{ entity_id: '', key: 'k', type: 'custom', value: null }],
        }),
        visitor(),
      ],
    });
    expect(await postAndFlush(sent)).to.deep.include({ status: 204 });
    expect(destination.batches.map(({ params }) => params)).to.deep.equal([sent]);
  });

  it('get their 204 once they are delivered, and not before', async () => {
    const config = { ackTimeoutMillis: 3_600_000 };
    const { post, destination, runtime } = await makeDoor({ config });
    destination.answers = [503];
    let status: number | undefined;
    void post(batch()).then(answer => {
      status = answer.status;
    });
    await runtime.advance(501);
    await until(() => destination.requests === 1);
    expect(status).to.equal(undefined);
    while (status === undefined) await runtime.advance(50);
    expect(status).to.equal(204);
    expect(destination.batches).to.have.length(1);
  });

  it('share requests with others of the same SDK, and keep SDKs apart', async () => {
    const { post, destination, runtime } = await makeDoor();
    const names = ['python-sdk', 'java-sdk', 'go-sdk'];
    const answers = names.flatMap(client_name => [1, 2, 3].map(() => post(batch({ client_name }))));
    await runtime.advance(501);
    await Promise.all(answers);
    expect(
      destination.batches.map(({ params }) => [params.client_name, params.visitors.length]),
    ).to.have.deep.members(names.map(name => [name, 3]));
  });

  it('keep numbers that JavaScript cannot hold, in visitors and beside them', async () => {
    const server = await startServer();
    const { postAndFlush, shop, engine } = await makeDoor();
    await engine.reload({ projects: { shop: { ...shop, endpoint: server.url } } });
    const text = JSON.stringify(batch({ account_id: '#', visitors: [{ ...visitor(), n: '#' }] })).replaceAll(
      '"#"',
      '12345678901234567890',
    );
    expect(await postAndFlush(text)).to.deep.include({ status: 204 });
    expect(server.requests[0]?.body.match(/12345678901234567890/g)).to.have.length(2);
    await server.close();
  });

  it('with several snapshots and events a visitor arrive as they are', async () => {
    const { postAndFlush, destination } = await makeDoor();
    const { snapshots } = visitor();
    const several = visitor('several', { snapshots: [...snapshots, ...visitor().snapshots] });
    expect(await postAndFlush(batch({ visitors: [several, visitor()] }))).to.deep.include({ status: 204 });
    expect(destination.batches[0]?.params.visitors[0]).to.deep.equal(several);
  });

  it('of any size are split by visitors where a request may not hold them', async () => {
    const { postAndFlush, destination } = await makeDoor();
    const visitors = Array.from({ length: 12 }, (_, n) =>
      visitor(`large-${n}`, { text: 'x'.repeat(800_000) }),
    );
    expect(await postAndFlush(batch({ visitors }))).to.deep.include({ status: 204 });
    expect(destination.batches.length).to.be.at.least(3);
    expect(userIds(destination).sort()).to.deep.equal(visitors.map(({ visitor_id }) => visitor_id).sort());
    for (const { byteLength } of destination.batches) expect(byteLength).to.be.at.most(3_500_000);
  });

  it('that are repeated join, whoever repeats them', async () => {
    const { post, destination, runtime } = await makeDoor();
    const body = batch();
    const answers = [post(body), post(body), post(body, undefined, 'another')];
    await runtime.advance(501);
    expect((await Promise.all(answers)).map(({ status }) => status)).to.deep.equal([204, 204, 204]);
    expect(userIds(destination)).to.have.length(1);
  });

  it('without uuids are each counted once, however often the request is repeated', async () => {
    const same = visitor('same', {
      snapshots: [{ events: [{ entity_id: '300', key: 'purchase', timestamp: 1 }] }],
    });
    const body = batch({ visitors: [same, same] });
    // A repeat reaches another gateway.
    const sent = await Promise.all(
      [1, 2].map(async () => {
        const { postAndFlush, destination } = await makeDoor();
        expect(await postAndFlush(body)).to.deep.include({ status: 204 });
        return countedEvents(destination);
      }),
    );
    expect(sent[0]).to.have.length(2);
    expect(new Set(sent.flat()).size).to.equal(2);
  });

  it('of more visitors, events, or JSON than one request may hold are refused with 413, and nothing is taken', async () => {
    const { post, state } = await makeDoor();
    const visitors = (count: number) => `{"project_id":"project-1","visitors":[${Array(count).fill('{}')}]}`;
    const snapshot = (count: number) => `{"events":[${Array(count).fill('{}')}]}`;
    const events = `{"project_id":"project-1","visitors":[{"snapshots":[${snapshot(30_000)},${snapshot(20_000)}]},{}]}`;
    for (const body of [visitors(50_001), events, `[${Array(1_500_001).fill('{}')}]`]) {
      const { status, message } = await post(body);
      expect(status).to.equal(413);
      expect(message).to.match(/holds more than \d+ .*: send smaller batches$/);
    }
    expect(state().ledger.recorded).to.equal(0);
  });

  for (const [name, store] of [
    ['a receipt at delivery', false],
    ['a receipt at the store', true],
  ] as const) {
    for (const member of ['client_version', 'something_else']) {
      it(`hold no more memory than there is by what they say of all visitors, in ${member}: ${name}`, async () => {
        const { post, destination, state } = await makeDoor({
          project: { maxQueueBytes: 1_000_000, ...(store && { store: join(makeFolder(), 'store') }) },
        });
        destination.answers = [() => 503];
        const send = (index: number) => post(batch({ [member]: `${index}${'x'.repeat(100_000)}` }));
        const owed = Array.from({ length: 9 }, (_, index) => send(index));
        expect(await send(9)).to.deep.include({ status: 503, message: 'queue_full' });
        expect(state().outstandingEvents).to.equal(9);
        if (store) for (const { status } of await Promise.all(owed)) expect(status).to.equal(204);
      });
    }
  }

  for (const [name, store] of [
    ['a receipt at delivery', false],
    ['a receipt at the store', true],
  ] as const) {
    it(`that no room can ever be made for are refused with 413, and not told to come back for ever: ${name}`, async () => {
      const { post, destination, state } = await makeDoor({
        project: {
          maxQueueBytes: 1_000_000,
          ...(store && { store: join(makeFolder(), 'store'), maxStoreBytes: 1_000_000 }),
        },
      });
      destination.answers = [() => 503];
      const shared = batch({ revision: 'x'.repeat(100_000), visitors: Array(10).fill(visitor()) });
      const own = batch({ visitors: [visitor('a', { note: 'x'.repeat(1_000_001) })] });
      for (const body of [shared, own]) {
        const { status, message } = await post(body);
        expect(status).to.equal(413);
        expect(message).to.contain('maxStoreBytes');
      }
      expect(state().ledger.recorded).to.equal(0);
    });
  }

  it('have room for one event where maxQueueSize is 1', async () => {
    const { postAndFlush, destination } = await makeDoor({ project: { maxQueueSize: 1 } });
    expect(await postAndFlush(batch())).to.deep.include({ status: 204 });
    expect(countedEvents(destination)).to.have.length(1);
  });

  it('without visitors have nothing to deliver', async () => {
    const { post, destination } = await makeDoor();
    expect(await post(batch({ visitors: [] }))).to.deep.include({ status: 204 });
    expect(destination.requests).to.equal(0);
  });

  for (const [name, members, message] of [
    ['no list of visitors', { visitors: undefined }, 'the batch has no list "visitors"'],
    ['visitors that are no list', { visitors: {} }, 'the batch has no list "visitors"'],
    ['a visitor that is not an object', { visitors: [visitor(), null] }, 'visitors[1] is not an object'],
    ['a visitor that is a list', { visitors: [[]] }, 'visitors[0] is not an object'],
    ['no project id', { project_id: undefined }, 'the batch has no project_id'],
    ['an empty project id', { project_id: '' }, 'the batch has no project_id'],
    [
      'another project id',
      { project_id: '999' },
      `project_id "999" is of no project in the gateway's configuration`,
    ],
  ] as const) {
    it(`with ${name} are malformed`, async () => {
      const { post, counts, state } = await makeDoor();
      expect(await post(batch(members))).to.deep.include({ status: 400, message });
      expect(state().ledger.recorded).to.equal(0);
      const expected = name === 'another project id' ? ['unknown_project'] : [];
      expect(counts.map(({ outcome }) => outcome)).to.deep.equal(expected);
    });
  }

  it('are to be sent again while a datafile is missing that may have their project', async () => {
    const { post } = await makeDoor({ datafile: undefined });
    expect(await post(batch())).to.deep.include({ status: 503, message: 'no_datafile' });
  });

  it('need no datafile where the configuration has the project id', async () => {
    const { postAndFlush, destination } = await makeDoor({
      project: { source: { kind: 'none' }, projectId: 'project-1' },
    });
    expect(await postAndFlush(batch())).to.deep.include({ status: 204 });
    expect(countedEvents(destination)).to.have.length(1);
  });

  it('go to the project that the sender names, where several have their id', async () => {
    const { engine, post, shop, folder } = await makeDoor();
    const path = join(folder, 'staging.json');
    writeFileSync(path, JSON.stringify(makeDatafile({ revision: '90' })));
    const staging = { ...shop, source: { kind: 'file', path } } as const;
    await engine.reload({ projects: { staging, shop }, defaultProject: 'shop' });
    const recorded = () =>
      Object.fromEntries(engine.projects().map(({ name, ledger }) => [name, ledger.recorded]));
    void post(batch());
    expect(recorded()).to.deep.equal({ staging: 0, shop: 1 });
    void post(batch(), 'staging');
    expect(recorded()).to.deep.equal({ staging: 1, shop: 1 });
    void post(batch(), 'no such project');
    expect(recorded()).to.deep.equal({ staging: 1, shop: 2 });
  });

  describe('without an endpoint', () => {
    const PROXIES = ['http_proxy', 'HTTP_PROXY', 'https_proxy', 'HTTPS_PROXY', 'no_proxy', 'NO_PROXY'];
    const environment = Object.fromEntries(PROXIES.map(name => [name, process.env[name]]));
    const restore = () => {
      for (const name of PROXIES) {
        if (environment[name] === undefined) delete process.env[name];
        else process.env[name] = environment[name];
      }
    };
    afterEach(restore);

    for (const [given, datafileRegion, host] of [
      [undefined, undefined, 'logx.optimizely.com:443'],
      ['US', undefined, 'logx.optimizely.com:443'],
      ['EU', undefined, 'eu.logx.optimizely.com:443'],
      ['eu', undefined, 'eu.logx.optimizely.com:443'],
      [5, undefined, 'logx.optimizely.com:443'],
      ['US', 'EU', 'eu.logx.optimizely.com:443'],
      ['EU', 'US', 'logx.optimizely.com:443'],
    ] as const) {
      it(`of region ${given} go to ${host} where the datafile says ${datafileRegion ?? 'nothing, as there is none'}`, async () => {
        const proxy = await startProxy();
        for (const name of PROXIES) delete process.env[name];
        process.env.HTTPS_PROXY = proxy.url;
        const withDatafile = { datafile: { region: datafileRegion }, project: { endpoint: undefined } };
        const without = {
          project: { endpoint: undefined, source: { kind: 'none' }, projectId: 'project-1' },
        } as const;
        const { post, runtime } = await makeDoor(datafileRegion === undefined ? without : withDatafile);
        void post(batch({ region: given }));
        await runtime.advance(501);
        await proxy.requested();
        expect(proxy.asked[0]?.target).to.equal(host);
        await proxy.close();
      });
    }
  });

  it('are filtered as all events are', async () => {
    const { postAndFlush, destination } = await makeDoor({
      project: { userIdHashKey: 'a key of sixteen or more' },
    });
    expect(await postAndFlush(batch({ visitors: [visitor('clear-text')] }))).to.deep.include({ status: 204 });
    expect(userIds(destination)).to.have.length(1).and.not.include('clear-text');
    const { snapshots } = visitor();
    const several = visitor('several', { snapshots: [...snapshots, ...snapshots] });
    const requests = destination.requests;
    expect(
      await postAndFlush(batch({ visitors: [several] })),
      'what may leave cannot be told',
    ).to.deep.include({ status: 204 });
    expect(destination.requests).to.equal(requests);
  });
});
