// SPDX-License-Identifier: Apache-2.0
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { FileEventStore, type FileEventStoreOptions } from 'opentelemetry-exporter-optimizely';
import { makeContext, RecordingLogger } from '../support/fakes.js';
import { ManualRuntime } from '../support/manual-runtime.js';
import {
  bytesIn,
  closeAll,
  filesIn,
  instancesIn,
  makeDirectory,
  makeEvent,
  makeUnresolvedEvent,
  openStore,
  tidyUp,
  uuidOf,
} from './harness.js';

const everything = { maxEvents: 1_000, maxBytes: 1e9 };
const names = (count: number, prefix = 'event') => Array.from({ length: count }, (_, n) => `${prefix}-${n}`);

describe('FileEventStore', () => {
  afterEach(tidyUp);

  it('holds what is appended and offers what is released', async () => {
    const { store, append } = openStore({ directory: makeDirectory() });
    const tickets = names(3).map(name => append(makeEvent(name)));
    expect(new Set(tickets).size).to.equal(3);
    expect(store.available).to.equal(0);
    expect(await store.read(everything)).to.deep.equal([]);
    store.release(tickets.slice(1));
    store.release(tickets.slice(1));
    expect(store.available).to.equal(2);
    const records = await store.read(everything);
    expect(records.map(({ ticket, event }) => [ticket, uuidOf(event)])).to.deep.equal([
      [tickets[1], 'event-1'],
      [tickets[2], 'event-2'],
    ]);
    expect(store.available).to.equal(0);
    store.release(tickets);
    expect((await store.read(everything)).map(record => uuidOf(record.event))).to.deep.equal(names(3));
  });

  it('gives events back as they were', async () => {
    const written = [
      makeEvent('a', { type: 'impression', acceptedAt: 12.5 }),
      makeEvent('b', { context: makeContext({ region: 'EU', botFiltering: true, revision: 'ü' }) }),
      makeUnresolvedEvent('c'),
      makeEvent('d', { json: `{"big":"${'x'.repeat(3_000_000)}"}` }),
      makeEvent('e'),
    ];
    const { store, append, readAll } = openStore({ directory: makeDirectory() });
    store.release(written.map(event => append(event)));
    const events = await readAll();
    expect(events).to.deep.equal(written);
    const contexts = events.map(event => event.kind === 'resolved' && event.context);
    expect(contexts[3]).to.equal(contexts[4]);
  });

  it('reads the oldest first, within its limits, at least one', async () => {
    const { store, append } = openStore({ directory: makeDirectory() });
    store.release(names(10).map(name => append(makeEvent(name))));
    const read = async (maxEvents: number, maxBytes: number) =>
      (await store.read({ maxEvents, maxBytes })).map(record => uuidOf(record.event));
    expect(await read(2, 1e9)).to.deep.equal(['event-0', 'event-1']);
    expect(await read(100, 1)).to.deep.equal(['event-2']);
    const three = 3 * Buffer.byteLength((makeEvent('event-0') as { json: string }).json);
    expect(await read(100, three)).to.have.lengthOf.within(1, 3);
    expect(await read(0, 1e9)).to.deep.equal([]);
    const [one, two] = await Promise.all([read(2, 1e9), read(2, 1e9)]);
    expect(new Set([...one, ...two]).size).to.equal(4);
  });

  it('removes held and available records, once', async () => {
    const { store, append } = openStore({ directory: makeDirectory() });
    const tickets = names(4).map(name => append(makeEvent(name)));
    store.release(tickets.slice(0, 2));
    store.remove(tickets.slice(1, 3));
    store.remove([...tickets.slice(1, 3), -1, Number.NaN, 2 ** 40]);
    store.release([...tickets.slice(1, 3), Number.NaN]);
    expect(store.available).to.equal(1);
    expect((await store.read(everything)).map(record => record.ticket)).to.deep.equal([tickets[0]]);
  });

  it('does not offer what was removed while it was read', async () => {
    const { store, append } = openStore({ directory: makeDirectory() });
    const tickets = names(2).map(name => append(makeEvent(name)));
    store.release(tickets);
    const reading = store.read(everything);
    expect(store.available).to.equal(2);
    store.remove(tickets.slice(0, 1));
    expect(store.available).to.equal(1);
    expect((await reading).map(record => record.ticket)).to.deep.equal([tickets[1]]);
    expect(store.available).to.equal(0);
  });

  it('deletes a segment when all of it was removed', async () => {
    const directory = makeDirectory();
    const { store, append } = openStore({ directory, maxBytes: 65_536 });
    const tickets: number[] = [];
    while (filesIn(directory, '.seg').length < 4) tickets.push(append(makeEvent(`${tickets.length}`)));
    store.remove(tickets.slice(1));
    await store.close();
    const [segment, ...others] = filesIn(directory, '.seg');
    expect(segment).to.match(/0+1\.seg$/);
    expect(others).to.deep.equal([]);
    const next = openStore({ directory });
    await next.adopted.reaches(1);
    expect((await next.readAll()).map(uuidOf)).to.deep.equal(['0']);
  });

  it('leaves nothing behind when nothing is left', async () => {
    const directory = makeDirectory();
    const { store, append } = openStore({ directory });
    store.remove(names(10).map(name => append(makeEvent(name))));
    await store.close();
    expect(filesIn(directory, '')).to.deep.equal([]);
  });

  it('hands over what is left to the next life, but for what was removed', async () => {
    const directory = makeDirectory();
    const first = openStore({ directory });
    const tickets = names(9).map(name => first.append(makeEvent(name)));
    first.store.release(tickets.slice(6));
    first.store.remove(tickets.slice(2, 4));
    first.store.remove(tickets.slice(7, 8));
    await first.store.close();

    const second = openStore({ directory });
    await second.adopted.reaches(6);
    expect(second.store.available).to.equal(6);
    const left = [0, 1, 4, 5, 6, 8].map(number => `event-${number}`);
    expect((await second.readAll(4)).map(uuidOf)).to.deep.equal(left);
    expect(second.lost.count).to.equal(0);
    await second.store.close();

    const third = openStore({ directory });
    await third.adopted.reaches(6);
    const records = await third.store.read(everything);
    expect(records.map(record => uuidOf(record.event))).to.deep.equal(left);
    third.store.remove(records.map(record => record.ticket));
    await third.store.close();
    expect(filesIn(directory, '')).to.deep.equal([]);
  });

  it('reads what it adopted before its own', async () => {
    const directory = makeDirectory();
    const first = openStore({ directory });
    first.append(makeEvent('old'));
    await first.store.close();
    const { store, append, adopted, clock, readAll } = openStore({ directory });
    await clock.advance(1);
    store.release([append(makeEvent('new'))]);
    await adopted.reaches(1);
    expect((await readAll()).map(uuidOf)).to.deep.equal(['old', 'new']);
  });

  it('writes down what was removed soon after, so that a killed process leaves little to send twice', async () => {
    const directory = makeDirectory();
    const { store, append, clock } = openStore({ directory });
    const tickets = names(4_000).map(name => append(makeEvent(name)));
    const size = () => bytesIn(directory, '.ack');
    store.remove(tickets.slice(0, 3));
    expect(size()).to.equal(0);
    await clock.advance(1_000);
    while (size() === 0) await new Promise(setImmediate);
    const before = size();
    // No clock needed once there are many.
    store.remove(tickets.slice(10, 3_000));
    while (size() === before) await new Promise(setImmediate);
  });

  it('refuses what would exceed maxBytes, on disk too, and takes events again when there is room', async () => {
    const directory = makeDirectory();
    const maxBytes = 20_000;
    const { store, clock } = openStore({ directory, maxBytes });
    const onDisk = () => bytesIn(directory, '.seg') + bytesIn(directory, '.ack');
    const fill = () => {
      const tickets: number[] = [];
      for (;;) {
        const ticket = store.append(makeEvent(`${tickets.length}`));
        if (typeof ticket !== 'number') return { tickets, end: ticket };
        tickets.push(ticket);
      }
    };
    const { tickets, end } = fill();
    expect(end).to.equal('full');
    expect(onDisk()).to.be.within(maxBytes * 0.9, maxBytes);
    expect(store.append(makeEvent('large', { json: 'x'.repeat(maxBytes) }))).to.equal('full');
    store.remove(tickets.filter((_, number) => number % 2 === 0));
    await clock.advance(1_000);
    const written = () => filesIn(directory, '.ack').filter(file => statSync(file).size > 0).length;
    while (written() < filesIn(directory, '.seg').length) await new Promise(setImmediate);
    expect(onDisk()).to.be.at.most(maxBytes);
    store.remove(tickets);
    while (onDisk() > maxBytes / 4) await new Promise(setImmediate);
    expect(fill().tickets.length).to.be.greaterThan(tickets.length / 2);
  });

  it('makes room by deleting the segment that it is writing when nothing of it is left', async () => {
    const directory = makeDirectory();
    const { store, append } = openStore({ directory, maxBytes: 20_000 });
    const appendWhenThereIsRoom = async (json: string) => {
      let answer = store.append(makeEvent('event', { json }));
      while (answer === 'full') {
        await new Promise(setImmediate);
        answer = store.append(makeEvent('event', { json }));
      }
      return answer as number;
    };
    store.remove([append(makeEvent('large', { json: 'x'.repeat(15_000) }))]);
    while (bytesIn(directory, '.seg') > 0) await new Promise(setImmediate);
    store.remove([await appendWhenThereIsRoom('x'.repeat(1_500))]);
    expect(store.append(makeEvent('event', { json: 'x'.repeat(19_700) }))).to.equal('full');
    expect(await appendWhenThereIsRoom('x'.repeat(19_700))).to.be.a('number');
  });

  it('counts what it adopts against maxBytes', async () => {
    const directory = makeDirectory();
    for (const life of [1, 2]) {
      const { append, scans } = openStore({ directory });
      await scans.reaches(1);
      for (const name of names(20, `life-${life}`)) append(makeEvent(name));
    }
    await closeAll();
    const { store, adopted, scans, scan, readAll } = openStore({ directory, maxBytes: 4_096 });
    await scans.reaches(1);
    // One is more than fits, and is taken since nothing else would ever make it smaller; the other waits.
    expect(adopted.count).to.equal(20);
    expect(store.append(makeEvent('new'))).to.equal('full');
    const records = await store.read(everything);
    store.remove(records.map(record => record.ticket));
    while (filesIn(directory, '.seg').length > 2) await new Promise(setImmediate);
    await scan();
    expect(adopted.count).to.equal(40);
    expect(await readAll()).to.have.length(20);
  });

  it('makes files and directories that only their owner may read', async () => {
    const directory = join(makeDirectory(), 'made', 'here');
    const { append, store, clock } = openStore({ directory });
    append(makeEvent('a'));
    store.remove([append(makeEvent('b'))]);
    await clock.advance(1_000);
    while (bytesIn(directory, '.ack') === 0) await new Promise(setImmediate);
    const mode = (path: string) => statSync(path).mode & 0o777;
    expect(mode(directory)).to.equal(0o700);
    const [instance = ''] = instancesIn(directory);
    expect(mode(instance)).to.equal(0o700);
    const files = filesIn(instance, '');
    expect(files).to.have.length(5);
    for (const file of files) expect(mode(file), file).to.equal(0o600);
  });

  it('with fsync batch does the same', async () => {
    const directory = makeDirectory();
    const first = openStore({ directory, fsync: 'batch', maxBytes: 65_536 });
    for (const name of names(300)) {
      const ticket = first.store.append(makeEvent(name));
      if (typeof ticket === 'number' && name !== 'event-7') first.store.remove([ticket]);
      await new Promise(setImmediate);
    }
    await first.store.close();
    const { adopted, readAll } = openStore({ directory });
    await adopted.reaches(1);
    expect((await readAll()).map(uuidOf)).to.deep.equal(['event-7']);
  });

  it('does nothing after close, and nothing before open', async () => {
    const directory = makeDirectory();
    const unopened = new FileEventStore({ directory });
    expect(unopened.append(makeEvent('a'))).to.equal('failed');
    unopened.remove([1]);
    unopened.release([1]);
    expect(unopened.available).to.equal(0);
    expect(await unopened.read(everything)).to.deep.equal([]);
    await unopened.close();

    const { store, append, clock } = openStore({ directory });
    const ticket = append(makeEvent('a'));
    await Promise.all([store.close(), store.close()]);
    expect(store.append(makeEvent('b'))).to.equal('failed');
    store.remove([ticket]);
    store.release([ticket]);
    expect(await store.read(everything)).to.deep.equal([]);
    expect(clock.armed).to.equal(0);
    const next = openStore({ directory });
    await next.adopted.reaches(1);
    expect((await next.readAll()).map(uuidOf)).to.deep.equal(['a']);
  });

  it('never keeps the process alive', async () => {
    const { clock, append, store, scans } = openStore({ directory: makeDirectory() });
    store.remove([append(makeEvent('a'))]);
    append(makeEvent('b'));
    await scans.reaches(1);
    expect(clock.armed).to.be.greaterThan(0);
    expect(clock.referenced).to.equal(0);
  });

  it('serves one processor', () => {
    const { store, logger } = openStore({ directory: makeDirectory() });
    store.open({ logger, runtime: new ManualRuntime(), adopted() {}, lost() {} });
    expect(logger.at('error')).to.have.length(1);
  });

  it('refuses a directory that is none, and says which other options it does not take', () => {
    for (const options of [undefined, {}, { directory: 5 }, { directory: '' }]) {
      expect(() => new FileEventStore(options as FileEventStoreOptions)).to.throw(TypeError, /directory/);
    }
    const wrong = { maxBytes: -1, fsync: 'always' } as unknown as { maxBytes: number };
    const { logger, append } = openStore({ directory: makeDirectory(), ...wrong });
    expect(logger.at('info')).to.have.length(2);
    append(makeEvent('a'));
  });

  it('answers failed for an event that is not JSON', () => {
    const { store, append, logger } = openStore({ directory: makeDirectory() });
    const { event } = makeUnresolvedEvent('a') as { event: object };
    const odd = { kind: 'unresolved', acceptedAt: 0, event: { ...event, tags: { big: 1n } } };
    expect(store.append(odd as unknown as ReturnType<typeof makeEvent>)).to.equal('failed');
    append(makeEvent('b'));
    expect(logger.lines).to.deep.equal([]);
  });

  it('survives a logger that throws', () => {
    const logger = new RecordingLogger();
    const fail = () => {
      throw new Error('logger');
    };
    const store = new FileEventStore({ directory: '/dev/null/nowhere' });
    const throwing = { ...logger, error: fail, warn: fail, info: fail, debug: fail };
    store.open({ logger: throwing, runtime: new ManualRuntime(), adopted() {}, lost() {} });
    expect(store.append(makeEvent('a'))).to.equal('failed');
  });
});
