// SPDX-License-Identifier: Apache-2.0
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { expect } from 'chai';
import { OptimizelySpanProcessor } from 'opentelemetry-exporter-optimizely';
import { makeDatafile } from './support/datafile.js';
import { RecordingDispatcher } from './support/fakes.js';

/** More than are made at once. */
const RECORDED = 500;
const VERSION_4 = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

async function recordMany() {
  const eventDispatcher = new RecordingDispatcher();
  const processor = new OptimizelySpanProcessor({ datafile: makeDatafile(), eventDispatcher });
  const returned = Array.from({ length: RECORDED }, () =>
    processor.recordConversion({ userId: 'ada', eventKey: 'purchase' }),
  );
  await processor.shutdown();
  const sent = eventDispatcher.visitors.map(visitor => visitor.snapshots[0]?.events[0]?.uuid);
  return { returned, sent };
}

describe('the uuid of an event that has none', () => {
  it('is a random one, of version 4, in the request as it was returned', async () => {
    const { returned, sent } = await recordMany();
    for (const uuid of returned) expect(uuid).to.match(VERSION_4);
    expect(sent).to.deep.equal(returned);
  });

  it('is another one for each event', async () => {
    const uuids = [...(await recordMany()).returned, ...(await recordMany()).returned];
    expect(new Set(uuids)).to.have.property('size', 2 * RECORDED);
  });

  it('has each of its digits anywhere but where the version and the variant are', async () => {
    const { returned } = await recordMany();
    const places = Array.from(
      { length: 36 },
      (_, place) => new Set(returned.map(uuid => uuid?.[place])).size,
    );
    const fixed = new Map([8, 13, 18, 23].map(place => [place, 1]));
    expect(places).to.deep.equal(
      places.map((_, place) => fixed.get(place) ?? (place === 14 ? 1 : place === 19 ? 4 : 16)),
    );
  });

  it('is another one in a worker thread and in a process of its own', async () => {
    const program = new URL('./support/record-uuids.mjs', import.meta.url);
    const thread = new Worker(program);
    const child = fork(program);
    // From the beginning: it may have ended before its message is read.
    const childEnded = once(child, 'exit');
    const [[ofThread], [ofChild]] = await Promise.all([once(thread, 'message'), once(child, 'message')]);
    const { returned } = await recordMany();
    await Promise.all([thread.terminate(), childEnded]);
    expect(new Set([...returned, ...ofThread, ...ofChild])).to.have.property('size', 3 * RECORDED);
  });
});
