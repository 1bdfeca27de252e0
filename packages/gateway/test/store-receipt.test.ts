// SPDX-License-Identifier: Apache-2.0
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import type { Receipt } from '../src/model/receipt.js';
import {
  closeEngines,
  conversion,
  countedEvents,
  type EngineSetup,
  impression,
  makeEngine,
  makeFolder,
  until,
  userIds,
} from './support/engine.js';

const TAKEN = { status: 'taken', refused: [], shownOnly: 0 };

function makeStoring(project: EngineSetup['project'] = {}, store = join(makeFolder(), 'store')) {
  return makeEngine({ project: { store, ...project } });
}

function contentsOf(folder: string): string {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter(entry => entry.isFile());
  return files.map(({ parentPath, name }) => readFileSync(join(parentPath, name), 'latin1')).join('');
}

describe('a receipt at the store', () => {
  afterEach(closeEngines);

  it('is given at once, whatever the destination does', async () => {
    const { take, destination, state, runtime } = await makeStoring();
    destination.answers = [() => 503];
    expect(await take([conversion(), impression()])).to.deep.equal(TAKEN);
    expect(destination.requests).to.equal(0);
    destination.answers = [];
    while (destination.batches.length === 0) await runtime.advance(100);
    await until(() => state().outstandingEvents === 0);
    expect(userIds(destination)).to.have.length(2);
  });

  it('waits two seconds for a full batch', async () => {
    const { take, destination, runtime } = await makeStoring();
    await take([conversion()]);
    await runtime.advance(1_999);
    expect(destination.requests).to.equal(0);
    await runtime.advance(2);
    await until(() => destination.requests === 1);
  });

  it('is given again for a repeat, and one event is sent', async () => {
    const { take, destination, runtime } = await makeStoring();
    const event = conversion();
    expect(await take([event])).to.deep.equal(TAKEN);
    expect(await take([event])).to.deep.equal(TAKEN);
    await runtime.advance(2_001);
    await until(() => destination.batches.length === 1);
    expect(await take([event])).to.deep.equal(TAKEN);
    await runtime.advance(2_001);
    expect(userIds(destination)).to.have.length(1);
  });

  it('is given for more than memory holds', async () => {
    const { take, state, destination, runtime } = await makeStoring({ maxQueueSize: 10, batchSize: 1_000 });
    const receipts: Receipt[] = [];
    for (let n = 0; n < 25; n++) receipts.push(await take([impression()]));
    expect(new Set(receipts.map(({ status }) => status))).to.deep.equal(new Set(['taken']));
    expect(state().ledger.dropped).to.deep.equal({});
    expect(state().ledger.stored).to.be.above(0);
    while (countedEvents(destination).length < 25) await runtime.advance(200);
    await until(() => state().ledger.pending === 0);
    expect(userIds(destination)).to.have.length(25);
  });

  it('is refused with nothing taken where the store is full, and given once there is room', async () => {
    const { take, destination, runtime, state, logger } = await makeStoring({ maxStoreBytes: 8_000 });
    destination.answers = [() => 503];
    const some = () => Array.from({ length: 12 }, () => conversion());
    expect(await take(some())).to.deep.equal(TAKEN);
    const others = some();
    expect(await take(others)).to.deep.include({ status: 'later', reason: 'store_full' });
    expect(state().ledger.recorded).to.equal(12);
    expect(state().notReady).to.equal('store_unusable');
    expect(logger.at('error')).to.deep.equal([
      'project shop: requests are answered 503 (store_full): the event store has maxStoreBytes until events of it are delivered',
    ]);
    await runtime.advance(5_001);
    expect(countedEvents(destination)).to.deep.equal([]);
    expect(state().notReady, 'after a while it is worth trying').to.equal(undefined);
    destination.answers = [];
    let receipt: Receipt | undefined;
    while (receipt?.status !== 'taken') {
      await runtime.advance(100);
      receipt = await take(others);
    }
    await runtime.advance(2_001);
    await until(() => countedEvents(destination).length === 24);
  });

  it('is refused with nothing taken where the disk refuses, and the memory does not stand in', async () => {
    const folder = makeFolder();
    const store = join(folder, 'store');
    writeFileSync(store, 'a file where a folder should be');
    const { take, state, destination, runtime, logger } = await makeStoring({}, store);
    expect(await take([conversion()])).to.deep.include({ status: 'later', reason: 'store_unusable' });
    expect(state().ledger.recorded).to.equal(0);
    expect(state().notReady).to.equal('store_unusable');
    // The store does not say that memory stands in.
    expect(logger.at('warn').join()).to.match(
      /^project shop: the event store can't write to .*: until it can again, events that are taken all the same are in memory only/,
    );
    rmSync(store);
    mkdirSync(store);
    let receipt: Receipt | undefined;
    while (receipt?.status !== 'taken') {
      await runtime.advance(6_000);
      receipt = await take([conversion()]);
    }
    await runtime.advance(2_001);
    await until(() => destination.batches.length === 1);
  });

  it('is not offered, from the start on, while the disk refuses, and is once it does not', async () => {
    const store = join(makeFolder(), 'store');
    writeFileSync(store, 'a file where a folder should be');
    const { state, runtime, logger, take } = await makeStoring({}, store);
    for (let n = 0; n < 3; n++) {
      expect(state().notReady).to.equal('store_unusable');
      await runtime.advance(6_000);
    }
    expect(await take([conversion()])).to.deep.include({ status: 'later', reason: 'store_unusable' });
    expect(await take([conversion()])).to.deep.include({ status: 'later', reason: 'store_unusable' });
    expect(logger.at('error')).to.deep.equal([
      'project shop: requests are answered 503 (store_unusable): the event store cannot be written; check its directory, its owner, and the disk',
    ]);
    rmSync(store);
    await runtime.advance(6_000);
    expect(state().notReady).to.equal(undefined);
    expect(readdirSync(store).filter(name => name.startsWith('.writable'))).to.deep.equal([]);
    let receipt: Receipt | undefined;
    while (receipt?.status !== 'taken') {
      await runtime.advance(6_000);
      receipt = await take([conversion()]);
    }
    expect(logger.at('info')).to.include('project shop: the event store takes events again');
  });

  for (const [name, options] of [
    ['hashed user ids', { userIdHashKey: 'a key of sixteen or more' }],
    ['some attributes alone', { allowedAttributes: ['plan'] }],
  ] as const) {
    it(`is never of what must not leave: with ${name} the store has what is sent`, async () => {
      const store = join(makeFolder(), 'store');
      const { take, destination, runtime } = await makeStoring(options, store);
      const event = conversion({
        attributes: {
          'feature_flag.context.id': 'the-user-id',
          'optimizely.user.attributes': '{"plan":"gold","country":"the-country"}',
        },
      });
      expect(await take([event])).to.deep.equal(TAKEN);
      const secret = name === 'hashed user ids' ? 'the-user-id' : 'the-country';
      expect(contentsOf(store)).to.include('visitor_id').and.not.include(secret);
      await runtime.advance(2_001);
      await until(() => destination.batches.length === 1);
      expect(JSON.stringify(destination.batches[0]?.params)).not.to.include(secret);
    });

    it(`is refused while the disk refuses, with ${name} too`, async () => {
      const store = join(makeFolder(), 'store');
      writeFileSync(store, '');
      const { take, state } = await makeStoring(options, store);
      const first = take([conversion()]);
      expect(await take([conversion()])).to.deep.include({ status: 'later', reason: 'store_unusable' });
      expect(state().outstandingEvents, 'the first one waits for delivery').to.equal(1);
      void first;
    });
  }

  it('is given for events whose store fails on the way once they are delivered', async () => {
    const store = join(makeFolder(), 'store');
    writeFileSync(store, '');
    const { take, runtime, destination } = await makeStoring(
      { userIdHashKey: 'a key of sixteen or more' },
      store,
    );
    const receipt = take([conversion()]);
    await runtime.advance(2_001);
    expect(await receipt).to.deep.equal(TAKEN);
    expect(destination.batches).to.have.length(1);
  });

  it('takes nothing of any project where one of their stores is full', async () => {
    const { engine, shop, take, destination } = await makeStoring();
    const small = { ...shop, store: join(makeFolder(), 'small'), maxStoreBytes: 1_500 };
    await engine.reload({ projects: { shop, small }, defaultProject: 'shop' });
    const events = [
      conversion(),
      ...Array.from({ length: 5 }, () => conversion({ resource: { 'optimizely.project': 'small' } })),
    ];
    expect(await take(events)).to.deep.include({ status: 'later', reason: 'store_full' });
    await engine.close();
    expect(destination.requests).to.equal(0);
    for (const { ledger } of engine.projects()) expect(ledger.recorded + ledger.stored).to.equal(0);
    for (const { store = '' } of [shop, small])
      expect(readdirSync(store, { recursive: true }).join()).to.not.contain('.seg');
  });
});

describe('a receipt at delivery, with a store', () => {
  afterEach(closeEngines);

  it('waits for delivery', async () => {
    const { take, destination, runtime, state } = await makeStoring({ ack: 'delivered' });
    const receipt = take([conversion()]);
    expect(state().outstandingEvents).to.equal(1);
    await runtime.advance(501);
    expect(await receipt).to.deep.equal(TAKEN);
    expect(destination.batches).to.have.length(1);
  });

  it('goes on where the store fails', async () => {
    const store = join(makeFolder(), 'store');
    writeFileSync(store, '');
    const { takeAndFlush, state } = await makeStoring({ ack: 'delivered' }, store);
    expect(await takeAndFlush([conversion()])).to.deep.equal(TAKEN);
    expect(state().notReady).to.equal(undefined);
  });
});
