// SPDX-License-Identifier: Apache-2.0
import { expect } from 'chai';
import { ManualRuntime } from 'opentelemetry-exporter-optimizely/testing';
import { TurnQueue } from '../src/server/turn-queue.js';
import { post, RawConnection } from './support/raw-connection.js';
import { closeServings, startServing } from './support/serving.js';

/** A clock that the work of each request moves. */
class WorkClock extends ManualRuntime {
  worked = 0;
  override readonly monotonic = (): number => this.worked;
}

describe('the turns of requests', () => {
  afterEach(closeServings);

  /** Requests of so many bytes, each of which takes so long. */
  function makeQueue() {
    const clock = new WorkClock();
    const queue = new TurnQueue(clock);
    const done: string[] = [];
    const work = async (name: string, byteLength: number, millis: number) => {
      await queue.turn(byteLength);
      done.push(name);
      clock.worked += millis;
    };
    return { clock, queue, done, work };
  }

  it('come in order', async () => {
    const { done, work } = makeQueue();
    await Promise.all(['a', 'b', 'c', 'd'].map(name => work(name, 1_000, 6)));
    expect(done).to.deep.equal(['a', 'b', 'c', 'd']);
  });

  it('let connections have theirs after ten milliseconds of work', async () => {
    const { done, work } = makeQueue();
    const all = Promise.all(['a', 'b', 'c', 'd', 'e'].map(name => work(name, 1_000, 6)));
    const seen: number[] = [];
    while (done.length < 5) {
      await new Promise(resolve => setImmediate(resolve));
      seen.push(done.length);
    }
    await all;
    expect(seen[0]).to.equal(2);
    expect(done).to.have.length(5);
  });

  it('leave connections enough rounds of the event loop, of which each accepts one', async () => {
    const { done, work } = makeQueue();
    const all = Promise.all(['a', 'b'].map(name => work(name, 1_000, 12)));
    let rounds = 0;
    while (done.length < 2) {
      await new Promise(resolve => setImmediate(resolve));
      if (done.length === 1) rounds++;
    }
    await all;
    expect(rounds).to.be.at.least(15);
  });

  /** Rounds of the event loop between two requests, with a connection in each. */
  async function roundsBetween(onRound: (clock: WorkClock) => void): Promise<number> {
    const { clock, queue, done, work } = makeQueue();
    const all = Promise.all(['a', 'b'].map(name => work(name, 1_000, 12)));
    let rounds = 0;
    while (done.length < 2) {
      await new Promise(resolve => setImmediate(resolve));
      if (done.length !== 1) continue;
      rounds++;
      if (rounds <= 200) queue.connected();
      onRound(clock);
    }
    await all;
    return rounds;
  }

  it('leave connections as many rounds as there are connections', async () => {
    expect(await roundsBetween(() => {})).to.be.at.least(200);
  });

  it('come after thirty milliseconds all the same, if there is no end of connections', async () => {
    const rounds = await roundsBetween(clock => {
      clock.worked += 1;
    });
    expect(rounds).to.be.within(29, 32);
  });

  it('leave connections theirs between requests that never wait for one another, too', async () => {
    const { done, work } = makeQueue();
    await work('a', 1_000, 12);
    const next = work('b', 1_000, 12);
    await new Promise(resolve => setImmediate(resolve));
    expect(done).to.deep.equal(['a']);
    await next;
    expect(done).to.deep.equal(['a', 'b']);
  });

  it('are too many once the last would wait a quarter of a second, by how long those before it took', async () => {
    const { queue, work } = makeQueue();
    // 50 ns a byte, until it is known better.
    const bodies = [work('a', 5_000_000, 1)];
    expect(queue.isOverloaded).to.equal(false);
    bodies.push(work('b', 5_100_000, 1));
    expect(queue.isOverloaded).to.equal(true);
    await Promise.all(bodies);
    expect(queue.isOverloaded).to.equal(false);
    for (let count = 0; count < 100; count++) await work('slow', 10_000, 10);
    // Now a millisecond for a kilobyte or so.
    const more = [work('c', 10_000, 10)];
    for (let count = 0; count < 24; count++) more.push(work('d', 10_000, 10));
    expect(queue.isOverloaded).to.equal(false);
    for (let count = 0; count < 5; count++) more.push(work('e', 10_000, 10));
    expect(queue.isOverloaded).to.equal(true);
    await Promise.all(more);
  });

  it('are too many before they are read, too, by what is arriving; it keeps out none that has been read', () => {
    const { clock, queue } = makeQueue();
    const bodies = [queue.arriving(), queue.arriving()];
    for (const body of bodies) body.add(2_500_000);
    expect(queue.isCrowded).to.equal(false);
    bodies[0]?.add(100_000);
    expect(queue.isCrowded).to.equal(true);
    expect(queue.isOverloaded).to.equal(false);
    bodies[0]?.end();
    expect(queue.isCrowded).to.equal(false);
    bodies[1]?.add(2_600_000);
    expect(queue.isCrowded).to.equal(true);
    // The sender has stopped.
    clock.worked += 250;
    expect(queue.isCrowded).to.equal(false);
    // It goes on.
    bodies[1]?.add(1);
    expect(queue.isCrowded).to.equal(true);
    bodies[1]?.end();
    expect(queue.isCrowded).to.equal(false);
  });

  it('never keep out the largest body there may be, if it is alone', async () => {
    const { queue, work } = makeQueue();
    const large = work('a', 16_777_216, 1_000);
    expect(queue.isOverloaded).to.equal(false);
    await large;
  });

  it('are not asked for where no project has room: the body is not even read', async () => {
    const { port, doors, state } = await startServing();
    state.whyFull = () => 'queue_full';
    const connection = await RawConnection.open(port);
    connection.write('POST /v1/traces HTTP/1.1\r\nhost: x\r\ncontent-length: 500000\r\n\r\n');
    await connection.says(/^HTTP\/1.1 503 [\s\S]*retry-after: \d[\s\S]*queue_full$/i);
    // What it goes on to write is thrown away, and its next request is heard.
    connection.write('x'.repeat(500_000));
    state.whyFull = () => undefined;
    connection.write(post('/v1/traces', '{}'));
    await connection.says(/HTTP\/1.1 200 [\s\S]*taken$/);
    expect(doors.traces.requests).to.have.length(1);
  });

  it('are not asked for from a sender that holds its share', async () => {
    const { port, doors, state } = await startServing();
    state.whyFull = sender => (sender === '127.0.0.1' ? 'sender_share' : undefined);
    const connection = await RawConnection.open(port);
    connection.write('POST /v1/traces HTTP/1.1\r\nhost: x\r\ncontent-length: 500000\r\n\r\n');
    await connection.says(/^HTTP\/1.1 503 [\s\S]*retry-after: \d[\s\S]*sender_share$/i);
    expect(doors.traces.requests).to.have.length(0);
  });

  it('are not asked for while as much arrives as can be worked on, and what arrives is taken', async () => {
    const { port, doors } = await startServing();
    const [first, second] = [await RawConnection.open(port), await RawConnection.open(port)];
    first.write('POST /v1/traces HTTP/1.1\r\nhost: x\r\ncontent-length: 8000000\r\n\r\n');
    first.write('x'.repeat(7_000_000));
    // Until the server has read so much of it.
    for (let tries = 0; tries < 2_000 && !second.text.includes('503'); tries++) {
      second.write(post('/v1/traces', '{}'));
      await second.says(new RegExp(`(HTTP/1.1 [\\s\\S]*){${tries + 1}}`));
    }
    expect(second.text).to.include('503');
    first.write('x'.repeat(1_000_000));
    await first.says(/HTTP\/1.1 200 [\s\S]*taken$/);
    expect(doors.traces.requests.some(({ body }) => body.length === 8_000_000)).to.equal(true);
  });

  it('of many large bodies at once are taken or refused, each of them answered', async () => {
    const { url, doors } = await startServing();
    const body = 'x'.repeat(1_000_000);
    const statuses = await Promise.all(
      Array.from({ length: 40 }, async () => {
        const response = await fetch(`${url}/v1/traces`, { method: 'POST', body });
        await response.arrayBuffer();
        return response.status;
      }),
    );
    expect(statuses.filter(status => status !== 200 && status !== 503)).to.deep.equal([]);
    expect(statuses.filter(status => status === 200)).to.have.length(doors.traces.requests.length);
  });
});
