// SPDX-License-Identifier: Apache-2.0
import { expect } from 'chai';
import type { EventDispatcher } from 'opentelemetry-exporter-optimizely';
import { RecordingLogger } from '../../../test/support/fakes.js';
import { createEngine } from '../src/engine.js';
import { readPieces } from '../src/events-api/read-pieces.js';
import type { EventCount } from '../src/model/engine.js';
import type { ProjectConfig } from '../src/model/gateway-config.js';
import { batchOf } from './support/relay.js';

/** Answers a request when it is told to. */
class HeldDispatcher implements EventDispatcher {
  readonly #waiting: ((statusCode: number) => void)[] = [];

  dispatchEvent(): Promise<{ statusCode: number }> {
    return new Promise(resolve => this.#waiting.push(statusCode => resolve({ statusCode })));
  }

  /** The oldest request, once it is there. */
  async answer(statusCode: number): Promise<void> {
    while (this.#waiting.length === 0) await new Promise(resolve => setImmediate(resolve));
    this.#waiting.shift()?.(statusCode);
  }
}

describe('the events of a message of a stream', () => {
  function makeEngine(project: Partial<ProjectConfig> = {}) {
    const counts: EventCount[] = [];
    const dispatcher = new HeldDispatcher();
    const shop: ProjectConfig = {
      source: { kind: 'none' },
      projectId: 'project-1',
      ack: 'settled',
      batchSize: 2,
      drainTimeoutMillis: 1,
      ...project,
    };
    const engine = createEngine({
      config: { projects: { shop }, ackTimeoutMillis: Number.POSITIVE_INFINITY },
      logger: new RecordingLogger(),
      eventDispatcher: dispatcher,
      countEvents: count => counts.push(count),
      maxStreamAgeMillis: 60_000,
    });
    const take = (users: readonly string[], ageMillis = 0) => {
      const read = readPieces(Buffer.from(batchOf(users)));
      if ('problem' in read) throw new Error(read.problem);
      return engine.messages.take(read, 'app', { ageMillis });
    };
    const held = () => {
      const [{ outstandingEvents, outstandingBytes } = { outstandingEvents: -1, outstandingBytes: -1 }] =
        engine.projects();
      return { outstandingEvents, outstandingBytes };
    };
    return { engine, take, held, counts, dispatcher };
  }

  const NOTHING = { outstandingEvents: 0, outstandingBytes: 0 };

  it('are taken once all of them have arrived, and hold their room until then', async () => {
    const { engine, take, held, counts, dispatcher } = makeEngine();
    const receipt = take(['u1', 'u2', 'u3', 'u4']);
    expect(held().outstandingEvents).to.equal(4);
    const { outstandingBytes } = held();
    await dispatcher.answer(204);
    while (held().outstandingEvents > 2) await new Promise(resolve => setImmediate(resolve));
    expect(held()).to.deep.equal({ outstandingEvents: 2, outstandingBytes });
    expect(counts).to.deep.equal([]);
    await dispatcher.answer(204);
    expect(await receipt).to.deep.equal({ status: 'taken', refused: [], shownOnly: 0 });
    expect(held()).to.deep.equal(NOTHING);
    expect(counts).to.deep.equal([
      { door: 'stream', project: 'shop', sender: 'app', outcome: 'taken', count: 4 },
    ]);
    await engine.close();
  });

  it('are taken but for those that Optimizely refuses, which are counted', async () => {
    const { engine, take, held, counts, dispatcher } = makeEngine();
    const receipt = take(['u1', 'u2']);
    for (const statusCode of [400, 400, 204]) await dispatcher.answer(statusCode);
    const given = await receipt;
    if (given.status !== 'taken') throw new Error(given.status);
    expect(given.refused.map(({ reason, count }) => [reason, count])).to.deep.equal([['rejected', 1]]);
    expect(counts.map(({ outcome, count }) => [outcome, count])).to.deep.equal([
      ['rejected', 1],
      ['taken', 1],
    ]);
    expect(held()).to.deep.equal(NOTHING);
    await engine.close();
  });

  it('are to be taken again where the gateway ends before they have arrived', async () => {
    const { engine, take, held } = makeEngine();
    const receipt = take(['u1', 'u2']);
    await engine.close();
    expect(await receipt).to.include({ status: 'later', reason: 'draining' });
    expect(held()).to.deep.equal(NOTHING);
    expect(await take(['u3'])).to.include({ status: 'later', reason: 'draining' });
  });

  it('wait for room, and go to another gateway where there can be none', async () => {
    const { engine, take, dispatcher } = makeEngine({ maxQueueSize: 5 });
    const receipt = take(['u1', 'u2']);
    expect(await take(['u3', 'u4', 'u5'])).to.include({ status: 'later', reason: 'queue_full' });
    expect(await take(['u1', 'u2', 'u3', 'u4', 'u5', 'u6'])).to.include({ status: 'too_large' });
    await dispatcher.answer(204);
    await receipt;
    const next = take(['u3', 'u4']);
    await dispatcher.answer(204);
    expect(await next).to.include({ status: 'taken' });
    await engine.close();
  });

  it('are none in a batch without visitors, and are given up in one that is too old', async () => {
    const { engine, take, counts } = makeEngine();
    expect(await take([])).to.include({ status: 'taken' });
    expect(counts).to.deep.equal([]);
    expect(await take(['u1', 'u2'], 60_001)).to.include({ status: 'taken' });
    expect(counts.map(({ outcome, count }) => [outcome, count])).to.deep.equal([['expired', 2]]);
    await engine.close();
  });
});
