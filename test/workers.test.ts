// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { makeDatafile } from './support/datafile.js';
import { EventsServer } from './workers/events-server.js';
import { ClusterHand, dismissAll, type Hand, ThreadHand, type Wanted } from './workers/hands.js';

const RECORDED = 8;

const kinds = [
  { kind: 'worker processes of node:cluster', Kind: ClusterHand },
  { kind: 'worker threads', Kind: ThreadHand },
];

for (const { kind, Kind } of kinds) {
  describe(`${kind} on one store directory`, () => {
    let server: EventsServer;
    let directory: string;

    beforeEach(async () => {
      server = await new EventsServer().open();
      directory = mkdtempSync(join(tmpdir(), 'optimizely-workers-'));
    });

    afterEach(async () => {
      await dismissAll();
      await server.close();
      rmSync(directory, { recursive: true, force: true });
    });

    function start(name: string, { processor, ...wanted }: Partial<Wanted> = {}): Hand {
      const options = { datafile: makeDatafile(), endpoint: server.url, ...processor };
      return new Kind({ name, directory, ...wanted, processor: options });
    }

    const owners = () =>
      readdirSync(directory).map(instance => {
        const { pid, threadId } = JSON.parse(readFileSync(join(directory, instance, 'owner.json'), 'utf8'));
        return { pid, threadId };
      });

    it('have a directory each in it, and leave none behind', async () => {
      const crew = ['a', 'b', 'c'].map(name => start(name));
      const started = await Promise.all(crew.map(hand => hand.started()));
      expect(owners()).to.have.deep.members(started);
      expect(new Set(started.map(({ pid, threadId }) => `${pid}/${threadId}`))).to.have.property('size', 3);
      const recorded = await Promise.all(crew.map(hand => hand.ask('record')));
      for (const instance of readdirSync(directory)) {
        const segments = readdirSync(join(directory, instance)).filter(name => name.endsWith('.seg'));
        const text = segments.map(name => readFileSync(join(directory, instance, name), 'latin1')).join('');
        const owns = recorded.filter(uuids => uuids.some(uuid => text.includes(uuid)));
        expect(owns, 'workers whose events are in it').to.have.length(1);
        expect(owns[0]?.every(uuid => text.includes(uuid))).to.equal(true);
      }
      await Promise.all(crew.map(hand => hand.ask('shutdown')));
      expect(server.uuids).to.have.members(recorded.flat());
      for (const [index, hand] of crew.entries()) {
        expect(server.acceptedFrom(hand.name)).to.have.members(recorded[index] ?? []);
      }
      expect(readdirSync(directory)).to.deep.equal([]);
    });

    it('deliver everything once when one is killed with a request in flight', async () => {
      const crew = [start('a'), start('b'), start('c')] as const;
      const recorded = await Promise.all(crew.map(hand => hand.ask('record')));
      const [a, b, c] = crew;
      const left = recorded[1] ?? [];
      server.ignores.add('b');
      b.tell('flush');
      await server.reaches(() => server.ignored.length > 0);
      expect(server.ignored[0]?.uuids).to.have.members(left);
      b.kill();
      await b.ended;

      // Of several that come, one takes over what it left.
      const successors = [start('d'), start('e')];
      const living = [a, c, ...successors];
      const more = await Promise.all(successors.map(hand => hand.ask('record')));
      await server.reaches(() => left.every(uuid => server.uuids.includes(uuid)));
      await Promise.all(living.map(hand => hand.ask('shutdown')));

      const all = [...recorded, ...more].flat();
      expect(all).to.have.length(5 * RECORDED);
      expect(server.uuids).to.have.length(all.length).and.to.have.members(all);
      const ledgers = await Promise.all(living.map(hand => hand.ask('ledger')));
      expect(ledgers.map(({ recovered }) => recovered).sort()).to.deep.equal([0, 0, 0, RECORDED]);
      for (const ledger of ledgers) {
        const { recorded, recovered } = ledger;
        expect(ledger).to.deep.include({
          delivered: recorded + recovered,
          stored: 0,
          pending: 0,
          dropped: {},
        });
      }
      const adopter = living[ledgers.findIndex(({ recovered }) => recovered > 0)];
      expect(server.acceptedFrom(adopter?.name ?? '')).to.include.members(left);
      expect(readdirSync(directory)).to.deep.equal([]);
    });

    it('share no connection', async () => {
      const crew = ['a', 'b', 'c'].map(name => start(name));
      for (let round = 0; round < 3; round++) {
        await Promise.all(crew.map(hand => hand.ask('record')));
        await Promise.all(crew.map(hand => hand.ask('flush')));
      }
      const ports = crew.map(hand => new Set(server.portsOf(hand.name)));
      const allPorts = ports.flatMap(own => [...own]);
      expect(server.accepted).to.have.length(9);
      expect(ports.every(own => own.size > 0)).to.equal(true);
      expect(new Set(allPorts)).to.have.property('size', allPorts.length);
      expect(server.connections).to.equal(allPorts.length);
    });

    it('deliver what is pending when one has nothing else to do, with flushOnBeforeExit', async () => {
      const hand = start('a', { processor: { flushOnBeforeExit: true } });
      const recorded = await hand.ask('record');
      expect(server.accepted).to.deep.equal([]);
      hand.release();
      await hand.ended;
      expect(server.uuids).to.deep.equal(recorded);
    });
  });
}

describe('a worker process of node:cluster', () => {
  let server: EventsServer;

  beforeEach(async () => {
    server = await new EventsServer().open();
  });

  afterEach(async () => {
    await dismissAll();
    await server.close();
  });

  it('delivers what is pending when the primary sends it SIGTERM, with shutdownOnSignals', async () => {
    const processor = { datafile: makeDatafile(), endpoint: server.url };
    const hand = new ClusterHand({ name: 'a', signals: true, processor });
    const recorded = await hand.ask('record');
    hand.worker.process.kill('SIGTERM');
    await hand.ended;
    expect(hand.worker.process.signalCode).to.equal('SIGTERM');
    expect(server.uuids).to.deep.equal(recorded);
  });

  it('delivers what is pending when the primary calls kill(), with both', async () => {
    const processor = { datafile: makeDatafile(), endpoint: server.url, flushOnBeforeExit: true };
    const hand = new ClusterHand({ name: 'a', signals: true, processor });
    const recorded = await hand.ask('record');
    hand.worker.kill();
    await hand.ended;
    expect(server.uuids).to.deep.equal(recorded);
  });
});
