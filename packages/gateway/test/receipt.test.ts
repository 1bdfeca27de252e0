// SPDX-License-Identifier: Apache-2.0
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import type { ReceivedBatch } from 'opentelemetry-exporter-optimizely/testing';
import type { Receipt } from '../src/model/receipt.js';
import {
  closeEngines,
  conversion,
  countedEvents,
  impression,
  makeEngine,
  NOW_NANOS,
  SENDER,
  until,
  userIds,
} from './support/engine.js';

const TAKEN = { status: 'taken', refused: [], shownOnly: 0 };

/** Whether the promise is settled, a few turns later. */
async function isOpen(promise: Promise<unknown>): Promise<boolean> {
  let open = true;
  void promise.then(() => {
    open = false;
  });
  for (let turn = 0; turn < 5; turn++) await new Promise(resolve => setImmediate(resolve));
  return open;
}

describe('a receipt at delivery', () => {
  afterEach(closeEngines);

  it('is given once all events are delivered, and not before', async () => {
    const { take, runtime, destination, engine } = await makeEngine({
      project: { flushIntervalMillis: 500 },
    });
    const receipt = take([conversion(), impression()]);
    await runtime.advance(400);
    expect(await isOpen(receipt)).to.equal(true);
    expect(destination.requests).to.equal(0);
    await runtime.advance(101);
    expect(await receipt).to.deep.equal(TAKEN);
    expect(countedEvents(destination)).to.have.length(2);
    expect(engine.projects()[0]?.outstandingEvents).to.equal(0);
  });

  it('waits half a second at most for others to share the request', async () => {
    const { take, runtime, destination } = await makeEngine();
    const receipts = [take([conversion()]), take([conversion()])];
    await runtime.advance(501);
    await Promise.all(receipts);
    expect(destination.requests).to.equal(1);
  });

  it('is not given while Optimizely cannot be reached, and the events stay for the repeat, which joins them', async () => {
    const { take, runtime, destination } = await makeEngine();
    destination.answers = [() => 503];
    const events = [conversion(), conversion()];
    const first = take(events);
    await runtime.advance(8_001);
    const answer = await first;
    expect(answer).to.deep.include({ status: 'later', reason: 'not_delivered_in_time' });
    destination.answers = [];
    // The clock is the test's and the network is not: a repeat may have to come again.
    let repeat: Receipt;
    do {
      const receipt = take(events);
      await runtime.advance(8_001);
      repeat = await receipt;
    } while (repeat.status === 'later');
    expect(repeat).to.deep.equal(TAKEN);
    // Its deadline, on the test's clock, may have had a request made twice.
    expect(countedEvents(destination)).to.have.length(2);
  });

  it('of a repeat in flight is the receipt of the first, and one request is made', async () => {
    const { take, runtime, destination, state } = await makeEngine();
    const event = conversion();
    const receipts = [take([event]), take([event, conversion()]), take([event])];
    expect(state().outstandingEvents).to.equal(2);
    await runtime.advance(501);
    expect(await Promise.all(receipts)).to.deep.equal([TAKEN, TAKEN, TAKEN]);
    expect(userIds(destination)).to.have.length(2);
  });

  it('of a repeat after delivery is given at once, without another request', async () => {
    const { take, takeAndFlush, destination } = await makeEngine();
    const event = conversion();
    await takeAndFlush([event]);
    expect(await take([event])).to.deep.equal(TAKEN);
    expect(destination.requests).to.equal(1);
  });

  it('of a repeat is remembered for the next 5,000 events at least, and not for ever', async () => {
    const { take, takeAndFlush, destination, runtime } = await makeEngine();
    const event = conversion();
    await takeAndFlush([event]);
    const others = (count: number) => Array.from({ length: count }, () => conversion());
    await takeAndFlush(others(4_000));
    const requests = destination.requests;
    await take([event]);
    expect(destination.requests).to.equal(requests);
    await takeAndFlush(others(4_000));
    await takeAndFlush(others(4_000));
    const again = take([event]);
    await runtime.advance(501);
    await again;
    expect(
      userIds(destination).filter(id => id === event.attributes['feature_flag.context.id']),
    ).to.have.length(2);
    expect(countedEvents(destination)).to.have.length(12_001);
  });

  it('counts an event once that comes twice in one request', async () => {
    const { takeAndFlush, destination, counts } = await makeEngine();
    const event = conversion();
    expect(await takeAndFlush([event, event])).to.deep.equal(TAKEN);
    expect(userIds(destination)).to.have.length(1);
    expect(counts).to.deep.equal([
      { door: 'otlp', project: 'shop', sender: 'test', outcome: 'taken', count: 2 },
    ]);
  });

  it('counts events apart that share a uuid: of other users, keys, times, and types', async () => {
    const { takeAndFlush, destination } = await makeEngine();
    const uuid = { 'optimizely.event.uuid': '11111111-2222-4333-8444-555555555555' };
    const user = { 'feature_flag.context.id': 'the same' };
    const events = [
      conversion({ attributes: uuid }),
      conversion({ attributes: { ...uuid, ...user } }),
      conversion({ attributes: { ...uuid, ...user }, timeUnixNano: NOW_NANOS + 1_000_000n }),
      conversion({ attributes: { ...uuid, ...user, 'optimizely.event.id': '77' } }),
      impression({ attributes: { ...uuid, ...user } }),
    ];
    await takeAndFlush(events);
    await takeAndFlush(events);
    expect(userIds(destination)).to.have.length(5);
  });

  it('names as refused what Optimizely refuses, and only that', async () => {
    // Real requests, one after the other, while the clock is moved: none of its limits is what ends the wait.
    const config = { ackTimeoutMillis: 3_600_000 };
    const { take, runtime, destination, counts } = await makeEngine({ config });
    const poison = conversion();
    const isPoisoned = ({ params }: ReceivedBatch) =>
      params.visitors.some(({ visitor_id }) => visitor_id === poison.attributes['feature_flag.context.id']);
    destination.answers = [batch => (isPoisoned(batch) ? 400 : undefined)];
    const receipt = take([conversion(), poison, conversion(), conversion()]);
    let answer: unknown;
    void receipt.then(given => {
      answer = given;
    });
    while (answer === undefined) await runtime.advance(10);
    const refused = [{ reason: 'rejected', count: 1, message: "Optimizely's Events API refuses the event" }];
    expect(answer).to.deep.equal({ status: 'taken', refused, shownOnly: 0 });
    expect(userIds(destination)).to.have.length(3);
    expect(counts.map(({ outcome, count }) => [outcome, count])).to.deep.equal([
      ['rejected', 1],
      ['taken', 3],
    ]);
    const requests = destination.requests;
    expect(await take([poison]), 'the repeat of what was refused').to.deep.equal({
      status: 'taken',
      refused,
      shownOnly: 0,
    });
    expect(destination.requests).to.equal(requests);
  });

  it('names as refused what can never be sent, and takes the others', async () => {
    const { takeAndFlush, destination, counts } = await makeEngine();
    const receipt = await takeAndFlush([
      conversion(),
      conversion({ attributes: { 'feature_flag.context.id': 5 } }),
      conversion({ timeUnixNano: 0n }),
      conversion({ resource: { 'optimizely.project': 'blog' } }),
      conversion({ resource: { 'optimizely.project': 'a person@example.org' } }),
      impression({ attributes: { 'optimizely.rule.key': 'everyone', 'optimizely.rule.type': 'rollout' } }),
      conversion({ attributes: { 'optimizely.event.tags': `{"text":"${'x'.repeat(3_500_000)}"}` } }),
    ]);
    expect(receipt.status === 'taken' && receipt.refused).to.have.deep.members([
      { reason: 'too_large', count: 1, message: 'the event alone exceeds what a request may hold' },
      {
        reason: 'invalid',
        count: 1,
        message: "conversion: its feature_flag.context.id is missing or can't be used",
      },
      { reason: 'invalid', count: 1, message: "conversion: its timestamp is missing or can't be used" },
      {
        reason: 'unknown_project',
        count: 1,
        message: `project "blog" is not in the gateway's configuration`,
      },
      {
        reason: 'unknown_project',
        count: 1,
        message: "project of 20 characters (not shown) is not in the gateway's configuration",
      },
      {
        reason: 'flag_decisions_off',
        count: 1,
        message:
          'impression: its rule type is rollout, which the project does not want to be sent (sendFlagDecisions)',
      },
    ]);
    expect(userIds(destination)).to.have.length(1);
    expect(
      counts.filter(({ outcome }) => outcome === 'unknown_project').map(({ project }) => project),
    ).to.deep.equal(['blog', '']);
  });

  it('counts what the library shows in the trace only, and does not send it', async () => {
    const { take, counts, destination } = await makeEngine();
    const shown = conversion({
      attributes: {
        'feature_flag.context.id': null,
        'optimizely.event.uuid': 'd2d1b7a0-5d2a-4d6c-8c4e-0f2b8f0a7a11',
      },
    });
    expect(await take([shown, shown])).to.deep.equal({ ...TAKEN, shownOnly: 2 });
    expect(counts).to.deep.equal([
      { door: 'otlp', project: 'shop', sender: 'test', outcome: 'shown_only', count: 2 },
    ]);
    expect(destination.requests).to.equal(0);
  });

  it('of a request without events is given at once', async () => {
    const { take } = await makeEngine();
    expect(await take([])).to.deep.equal(TAKEN);
  });

  it('logs what it refuses, once a kind in a minute of them, by key or field and without user data', async () => {
    const { take, logger, runtime } = await makeEngine({ project: { unknownKeyGraceMillis: 1 } });
    const typo = () => conversion({ attributes: { 'optimizely.event.key': 'purchse' } });
    expect(await take([typo()])).to.deep.include({
      status: 'later',
      reason: 'unknown_key',
      detail: 'conversion: event key "purchse" is not in datafile revision 7; a newer datafile is looked for',
    });
    expect(logger.at('warn'), 'before it is for good').to.deep.equal([]);
    await runtime.advance(1);
    await take([typo(), typo()]);
    await take([typo(), conversion({ attributes: { 'feature_flag.context.id': 42 } })]);
    expect(logger.at('warn')).to.deep.equal([
      'project shop: events refused for good (unknown_key): conversion: event key "purchse" is not in datafile revision 7',
      "project shop: events refused for good (invalid): conversion: its feature_flag.context.id is missing or can't be used",
    ]);
    await runtime.advance(60_000);
    expect(logger.at('info').filter(line => line.includes('purchse'))).to.deep.equal([
      'project shop: events refused for good (unknown_key): conversion: event key "purchse" is not in datafile revision 7: 3 in 0 s, none in the last minute',
    ]);
  });

  it('logs a hundred kinds of refused events, and that there are more', async () => {
    const { take, logger, runtime } = await makeEngine({ project: { unknownKeyGraceMillis: 1 } });
    const events = Array.from({ length: 150 }, (_, n) =>
      conversion({ attributes: { 'optimizely.event.key': `key-${n}` } }),
    );
    await take(events);
    await runtime.advance(1);
    await take(events);
    const lines = logger.at('warn');
    expect(lines).to.have.length(101);
    expect(lines.at(-1)).to.equal('refusals of other kinds: more than 100 kinds came within a minute');
    await runtime.advance(60_000);
    expect(logger.at('info').at(-1)).to.match(/^refusals of other kinds: 50 in /);
  });

  it('has unreadable events of the decoder among the refused', async () => {
    const { engine } = await makeEngine();
    const unreadable = [{ reason: 'an event has invalid UTF-8', count: 2 }];
    expect(await engine.otlp.take({ events: [], unreadable }, SENDER)).to.deep.equal({
      ...TAKEN,
      refused: [{ reason: 'invalid', count: 2, message: 'an event has invalid UTF-8' }],
    });
  });
});

describe('503, and nothing taken', () => {
  afterEach(closeEngines);

  it('while there is no datafile, also for the projects of the request that have one', async () => {
    const { take, takeAndFlush, engine, state, writeDatafile, runtime, destination, shop } = await makeEngine(
      {
        datafile: undefined,
      },
    );
    expect(state().notReady).to.equal('no_datafile');
    expect(await take([conversion()])).to.deep.include({ status: 'later', reason: 'no_datafile' });
    writeDatafile();
    await runtime.advance(5_001);
    await until(() => state().notReady === undefined);
    const waiting = { ...shop, source: { kind: 'file', path: '/nonexistent/datafile.json' } } as const;
    await engine.reload({ projects: { shop, waiting }, defaultProject: 'shop' });
    const both = [conversion(), conversion({ resource: { 'optimizely.project': 'waiting' } })];
    expect(await take(both)).to.deep.include({
      status: 'later',
      reason: 'no_datafile',
      detail: 'project "waiting" waits for its datafile',
    });
    expect(engine.projects().map(({ ledger }) => ledger.recorded)).to.deep.equal([0, 0]);
    expect(await takeAndFlush([conversion()])).to.deep.equal(TAKEN);
    expect(userIds(destination)).to.have.length(1);
  });

  it('for a key that the datafile lacks, until a look at it that began later has not found it', async () => {
    const { take, takeAndFlush, state, runtime, destination } = await makeEngine();
    const events = [conversion(), conversion({ attributes: { 'optimizely.event.key': 'signup' } })];
    expect(await take(events)).to.deep.include({ status: 'later', reason: 'unknown_key' });
    expect(state().ledger.recorded).to.equal(0);
    // The look was asked for at once.
    await until(() => state().datafileAgeMillis === 0);
    await runtime.advance(3_000);
    expect(await takeAndFlush(events)).to.deep.equal({
      ...TAKEN,
      refused: [
        {
          reason: 'unknown_key',
          count: 1,
          message: 'conversion: event key "signup" is not in datafile revision 7',
        },
      ],
    });
    expect(userIds(destination)).to.have.length(1);
  });

  it('for a key that the next datafile has: the repeat is taken', async () => {
    const { take, takeAndFlush, state, writeDatafile } = await makeEngine();
    const event = conversion({ attributes: { 'optimizely.event.key': 'signup' } });
    writeDatafile({ revision: '8', events: [{ id: '301', key: 'signup', experimentIds: [] }] });
    expect(await take([event])).to.deep.include({ status: 'later', reason: 'unknown_key' });
    await until(() => state().revision === '8');
    expect(await takeAndFlush([event])).to.deep.equal(TAKEN);
  });

  it('for an unknown key, ten minutes at most where the datafile cannot be looked at', async () => {
    const { take, runtime, folder, state } = await makeEngine();
    rmSync(join(folder, 'datafile.json'));
    await runtime.advance(1);
    const event = impression({ attributes: { 'optimizely.rule.key': 'not_there' } });
    expect(await take([event])).to.deep.include({ status: 'later', reason: 'unknown_key' });
    await runtime.advance(599_999);
    expect(await take([event])).to.deep.include({ status: 'later', reason: 'unknown_key' });
    await runtime.advance(1);
    const receipt = await take([event]);
    expect(receipt.status === 'taken' && receipt.refused[0]).to.deep.equal({
      reason: 'unknown_key',
      count: 1,
      message:
        'impression: rule key "not_there" of flag key "checkout" and rule type feature-test is not in datafile revision 7',
    });
    expect(state().ledger.recorded).to.equal(0);
  });

  it('where the memory is full, and taken again once there is room', async () => {
    const { take, runtime, destination, state } = await makeEngine({ project: { maxQueueSize: 10 } });
    destination.answers = [() => 503];
    void take(Array.from({ length: 6 }, () => conversion()));
    const rest = Array.from({ length: 4 }, () => impression());
    expect(await take(rest)).to.deep.include({ status: 'later', reason: 'queue_full' });
    expect(state()).to.deep.include({ outstandingEvents: 6 });
    expect(state().ledger.recorded).to.equal(6);
    const fits = take(rest.slice(0, 3));
    expect(await isOpen(fits)).to.equal(true);
    destination.answers = [];
    while (destination.batches.length === 0) await runtime.advance(100);
    await until(() => state().outstandingEvents === 0);
    void take(rest);
    expect(state().ledger.dropped).to.deep.equal({});
  });

  it('where the bytes are too many', async () => {
    const { take, destination } = await makeEngine({ project: { maxQueueBytes: 2_000 } });
    // A queue that is half full is sent at once.
    destination.answers = [() => 503];
    const large = () =>
      conversion({ attributes: { 'optimizely.event.tags': `{"text":"${'x'.repeat(900)}"}` } });
    expect(await isOpen(take([large()]))).to.equal(true);
    expect(await take([large()])).to.deep.include({ status: 'later', reason: 'queue_full' });
  });

  it('and never again where there could be no room in any case: it is to be sent in smaller batches', async () => {
    for (const project of [{ maxQueueSize: 10 }, { maxQueueBytes: 1_500 }]) {
      const { take, state } = await makeEngine({ project });
      const receipt = await take(Array.from({ length: 10 }, () => conversion()));
      expect(receipt.status).to.equal('too_large');
      expect(state().ledger.recorded).to.equal(0);
      expect(await isOpen(take([conversion()]))).to.equal(true);
    }
  });

  it('for more unknown keys than a thousand in one request, and not for ever', async () => {
    const { take, runtime, engine } = await makeEngine();
    const events = Array.from({ length: 3_000 }, (_, index) =>
      conversion({ attributes: { 'optimizely.event.key': `wrong-${index}` } }),
    );
    expect(await take(events)).to.deep.include({ status: 'later', reason: 'unknown_key' });
    const [before] = engine.projects();
    await until(() => engine.projects()[0]?.datafileAgeMillis === 0);
    expect(before?.name).to.equal('shop');
    await runtime.advance(5_001);
    const receipt = await take(events);
    expect(receipt.status).to.equal('taken');
    expect(receipt.status === 'taken' && receipt.refused.reduce((sum, { count }) => sum + count, 0)).to.equal(
      3_000,
    );
  });

  it('for each key that is not shown by itself: one that came before says nothing of another', async () => {
    const { take, runtime } = await makeEngine();
    const withKey = (key: string) => conversion({ attributes: { 'optimizely.event.key': key } });
    for (const [first, second] of [
      ['Add to cart', 'Add to card'],
      ['a'.repeat(65), 'b'.repeat(65)],
      ['a'.repeat(1_000), 'b'.repeat(1_000)],
    ] as const) {
      expect((await take([withKey(first)])).status).to.equal('later');
      await runtime.advance(5_001);
      let receipt = await take([withKey(first)]);
      while (receipt.status === 'later') {
        await runtime.advance(100);
        receipt = await take([withKey(first)]);
      }
      expect(await take([withKey(second)])).to.deep.include({ status: 'later', reason: 'unknown_key' });
    }
  });

  it('for a sender that holds its share while others hold some, and not for the others', async () => {
    const { take, destination } = await makeEngine({ project: { maxQueueSize: 20, batchSize: 100 } });
    destination.answers = [() => 503];
    const send = (name: string, count: number) =>
      take(
        Array.from({ length: count }, () => conversion()),
        { name, project: undefined },
      );
    void send('greedy', 8);
    expect(await isOpen(send('modest', 1))).to.equal(true);
    expect(await send('greedy', 2)).to.deep.include({ status: 'later', reason: 'sender_share' });
    expect(await isOpen(send('modest', 4))).to.equal(true);
    expect(await isOpen(send('greedy', 1))).to.equal(true);
  });

  it('for a sender that holds its share, before its next request is read; and for all where there is no room', async () => {
    const { take, destination, engine } = await makeEngine({ project: { maxQueueSize: 20, batchSize: 100 } });
    destination.answers = [() => 503];
    const send = (name: string, count: number) =>
      void take(
        Array.from({ length: count }, () => conversion()),
        { name, project: undefined },
      );
    send('greedy', 9);
    // While it is alone, it may have all.
    expect(engine.whyFull('greedy')).to.equal(undefined);
    send('modest', 1);
    expect(engine.whyFull('greedy')).to.equal('sender_share');
    expect(engine.whyFull('modest')).to.equal(undefined);
    expect(engine.whyFull('new')).to.equal(undefined);
    send('modest', 8);
    for (const name of ['greedy', 'modest', 'new']) expect(engine.whyFull(name)).to.equal('queue_full');
  });

  it('while the gateway is ending; receipts that are owed are still given', async () => {
    const { take, engine, destination } = await makeEngine();
    const owed = take([conversion()]);
    engine.drain();
    expect(await take([conversion()])).to.deep.include({ status: 'later', reason: 'draining' });
    expect(await engine.batches.take({}, '{}', SENDER)).to.deep.include({
      status: 'later',
      reason: 'draining',
    });
    expect(await owed).to.deep.equal(TAKEN);
    expect(userIds(destination)).to.have.length(1);
  });

  it('asks for another try within 1 to 30 seconds, at different times', async () => {
    const { take, runtime } = await makeEngine({ datafile: undefined });
    const seconds = new Set<number>();
    for (const random of [0, 0.3, 0.6, 0.999]) {
      runtime.randomValue = random;
      const receipt = await take([conversion()]);
      if (receipt.status === 'later') seconds.add(receipt.retryAfterSeconds);
    }
    expect(seconds.size).to.be.above(2);
    for (const one of seconds) expect(one).to.be.within(1, 30).and.satisfy(Number.isInteger);
  });
});
