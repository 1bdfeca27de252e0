// SPDX-License-Identifier: Apache-2.0
import { gzipSync } from 'node:zlib';
import { expect } from 'chai';
import type { EventRow, RefusedRow } from '../src/view/types.js';
import {
  ask,
  batchOf,
  conversion,
  eventsOf,
  type Inspector,
  impression,
  makeDatafile,
  makeInspector,
} from './harness.js';

const refusedOf = async (inspector: Inspector): Promise<RefusedRow[]> =>
  (await inspector.rows({ count: 100 })).rows.filter(row => row.kind === 'refused');

describe('inspect: requests without a batch', () => {
  it('are listed with their path and text, a wrong path among them', async () => {
    await using inspector = await makeInspector();
    const body = JSON.stringify(batchOf([impression()]));
    await ask(`${inspector.url}v1/event?x=1`, { method: 'POST', body });
    await inspector.post('{"visitors":');
    const [broken, astray] = await refusedOf(inspector);
    expect(astray).to.include({
      method: 'POST',
      path: '/v1/event?x=1',
      status: 404,
      byteLength: body.length,
    });
    expect(astray?.message).to.contain('/v1/events');
    expect(astray?.text).to.match(/^\{"account_id":"account-1"/);
    expect(broken).to.include({ method: 'POST', path: '/v1/events', status: 400, text: '{"visitors":' });
    const detail = await inspector.detail(astray?.sequence ?? 0);
    expect(detail.title).to.equal('Request 1');
    expect(detail.payload).to.equal(body);
  });

  it('say what most likely went wrong', async () => {
    await using inspector = await makeInspector();
    const batch = batchOf([impression()]);
    const url = 'https://logx.optimizely.com/v1/events';
    await inspector.post(JSON.stringify({ url, httpVerb: 'POST', params: batch }));
    await inspector.post(JSON.stringify([batch]));
    await inspector.post(gzipSync(JSON.stringify(batch)), { 'content-encoding': 'gzip' });
    await ask(`${inspector.url}events`, { method: 'POST', body: JSON.stringify(batch) });
    const messages = (await refusedOf(inspector)).map(({ message }) => message).reverse();
    expect(messages[0]).to.match(/a whole LogEvent; send its params$/);
    expect(messages[1]).to.match(/a list; send each batch in a request of its own$/);
    expect(messages[2]).to.match(/compressed \(gzip\)/);
    expect(messages[3]).to.match(/send to \/v1\/events$/);
  });

  it('have their text cut, however long it is, and made visible', async () => {
    await using inspector = await makeInspector();
    await inspector.post(Buffer.alloc(3_600_000, 'x'));
    await inspector.post('\u202e{');
    const [turned, long] = await refusedOf(inspector);
    expect(turned?.text).to.equal('⟨U+202E⟩{');
    expect(long?.byteLength).to.equal(3_600_000);
    const { payload } = await inspector.detail(long?.sequence ?? 0);
    expect(payload).to.have.length.below(4_100).and.to.contain('3600000 bytes in all');
  });

  it('are not what a browser looks for', async () => {
    await using inspector = await makeInspector();
    for (const path of ['favicon.ico', 'nothing', '']) await ask(`${inspector.url}${path}`);
    await ask(`${inspector.url}v1/events`);
    expect((await refusedOf(inspector)).map(({ method, path }) => [method, path])).to.deep.equal([
      ['GET', '/v1/events'],
    ]);
  });

  it('are counted, and not listed, where a page of another origin sends them', async () => {
    await using inspector = await makeInspector();
    for (let n = 0; n < 3; n++) {
      const answer = await inspector.post(batchOf([impression()]), { origin: 'https://shop.example' });
      expect(answer).to.include({ status: 403 });
    }
    const { tick, diagnosis } = await inspector.overview();
    expect(tick.batches).to.equal(0);
    expect(diagnosis).to.include({ state: 'cause', rootCause: 'requests_refused' });
    expect(diagnosis.headline).to.contain('a page of another origin');
  });

  it('are found by a part of their text', async () => {
    await using inspector = await makeInspector();
    await inspector.post('{"visitors": Oops');
    await inspector.post('{');
    expect((await inspector.rows({ search: 'oops' })).rows).to.have.length(1);
  });
});

describe('inspect: the state of the server', () => {
  it('is of one run: another run has another instance', async () => {
    const instances = new Set<string>();
    for (let run = 0; run < 2; run++) {
      await using inspector = await makeInspector();
      const { tick } = await inspector.overview();
      await inspector.send(impression());
      expect((await inspector.overview()).tick.instance).to.equal(tick.instance);
      instances.add(tick.instance);
    }
    expect(instances.size).to.equal(2);
  });

  it('says when it was started, and where it passes batches on to', async () => {
    await using inspector = await makeInspector({
      forwardsTo: () => 'https://logx.optimizely.com/v1/events',
    });
    expect(await inspector.overview()).to.include({
      startedAt: 1_700_000_000_000,
      forwardsTo: 'https://logx.optimizely.com/v1/events',
    });
  });
});

describe('inspect: figures', () => {
  /** What the figures would be if all that is kept were counted. */
  async function counted(inspector: Inspector) {
    const { tick } = await inspector.overview();
    const events: EventRow[] = [];
    for (let from = 0; ; from += 500) {
      const view = await inspector.rows({ from, count: 500 });
      events.push(...eventsOf(view));
      if (view.rows.length === 0) break;
    }
    const isLost = ({ problems }: EventRow) => problems.some(({ severity }) => severity === 'lost');
    return {
      events: tick.events,
      impressions: events.filter(({ type }) => type === 'impression').length,
      conversions: events.filter(({ type }) => type === 'conversion').length,
      lost: events.filter(isLost).length,
      warned: events.filter(event => event.problems.length > 0 && !isLost(event)).length,
    };
  }

  it('are what a recount finds, also when events change their problems and old batches go', async () => {
    await using inspector = await makeInspector({ datafile: makeDatafile(), maxEvents: 40 });
    for (let n = 0; n < 60; n++) {
      const visitorId = `v${n % 7}`;
      const events = [
        conversion({ visitorId, timestamp: 1_699_999_990_000 + n }),
        impression({
          visitorId: `v${(n * 3) % 7}`,
          timestamp: 1_699_999_989_000 - n,
          ...(n % 5 === 0 && { decision: { variation_id: '1002' } }),
        }),
        conversion({ visitorId, uuid: `same-${n % 9}`, event: n % 4 === 0 ? { revenue: 'much' } : {} }),
      ];
      await inspector.send(...events.slice(0, 1 + (n % 3)));
      const { impressions, conversions, lost, warned, tick } = await inspector.overview();
      expect({ events: tick.events, impressions, conversions, lost, warned }).to.deep.equal(
        await counted(inspector),
      );
    }
    expect((await inspector.overview()).tick.droppedEvents).to.be.above(20);
  });

  it('of facets and problems are what a recount finds', async () => {
    await using inspector = await makeInspector({ datafile: makeDatafile(), maxEvents: 10 });
    for (let n = 0; n < 12; n++)
      await inspector.send(conversion({ visitorId: `v${n}` }), impression({ visitorId: `v${n + 5}` }));
    const { facets } = await inspector.overview();
    const shown = eventsOf(await inspector.rows({ count: 500 }));
    expect(facets.events).to.deep.equal([{ value: 'purchase', label: 'purchase', count: 5 }]);
    expect(facets.experiments).to.deep.equal([{ value: '100', label: 'banner', count: 5 }]);
    const codes = shown.flatMap(({ problems }) => problems.map(({ code }) => code));
    expect(facets.problems.reduce((sum, { count }) => sum + count, 0)).to.equal(codes.length);
  });

  it('begin anew when all is cleared, and what was kept before changes nothing any more', async () => {
    await using inspector = await makeInspector({ datafile: makeDatafile() });
    await inspector.send(conversion());
    await ask(`${inspector.url}api/clear`, { method: 'POST' });
    await inspector.send(impression());
    const { impressions, conversions, lost, facets, diagnosis } = await inspector.overview();
    expect({ impressions, conversions, lost }).to.deep.equal({ impressions: 1, conversions: 0, lost: 0 });
    expect(facets.problems).to.deep.equal([]);
    expect(diagnosis.state).to.equal('healthy');
  });
});
