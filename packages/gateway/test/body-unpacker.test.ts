// SPDX-License-Identifier: Apache-2.0
import { deflateSync, gzipSync } from 'node:zlib';
import { expect } from 'chai';
import { ManualRuntime } from 'opentelemetry-exporter-optimizely/testing';
import { BodyUnpacker } from '../src/server/body-unpacker.js';
import { ByteBudget, type Reservation } from '../src/server/byte-budget.js';
import { TurnQueue } from '../src/server/turn-queue.js';
import type { ContentCoding } from '../src/server/unpack.js';
import { post, RawConnection } from './support/raw-connection.js';
import { closeServings, startServing } from './support/serving.js';

const MIB = 1_048_576;
/** Of one small request. */
const REQUEST_BYTES = 4_096;

function makeHarness(limit = 100 * MIB) {
  const queue = new TurnQueue(new ManualRuntime());
  const unpacker = new BodyUnpacker(queue, 16 * MIB);
  const budget = new ByteBudget(limit);
  const open = () => budget.open(0) as Reservation;
  const unpack = (body: Buffer, coding: ContentCoding) => unpacker.unpack(body, coding, open());
  return { queue, unpacker, budget, unpack };
}

describe('packed bodies', () => {
  afterEach(closeServings);

  for (const [coding, pack] of [
    ['gzip', gzipSync],
    ['deflate', deflateSync],
  ] as const) {
    for (const [size, byteLength] of [
      ['small', 10_000],
      ['large', 3 * MIB],
    ] as const) {
      it(`are unpacked, ${size} ones in ${coding}, and held by their request`, async () => {
        const { unpack, budget } = makeHarness();
        const body = Buffer.alloc(byteLength, 'abc');
        expect(await unpack(pack(body), coding)).to.deep.equal({ kind: 'body', body });
        expect(budget.used).to.equal(REQUEST_BYTES + byteLength);
      });

      it(`are refused, ${size} ones in ${coding}, where they have no room or are not what they say`, async () => {
        const { unpack, budget } = makeHarness(8_000);
        expect(await unpack(pack(Buffer.alloc(byteLength)), coding)).to.deep.equal({ kind: 'no_room' });
        expect(budget.used).to.be.below(8_000);
        const cut = pack(Buffer.alloc(byteLength, 'abc')).subarray(0, -9);
        expect(await makeHarness().unpack(cut, coding)).to.deep.equal({ kind: 'malformed' });
      });
    }
  }

  it('take no more memory than on their way until it is their turn', async () => {
    const { queue, unpack, budget } = makeHarness();
    const before = queue.turn(1).then(() => budget.used);
    const waiting = unpack(gzipSync(Buffer.alloc(MIB)), 'gzip');
    expect(budget.used).to.equal(REQUEST_BYTES);
    expect(await before).to.equal(REQUEST_BYTES);
    expect(await waiting).to.deep.include({ kind: 'body' });
    expect(budget.used).to.equal(REQUEST_BYTES + MIB);
  });

  it('count as what they become, by what came before: the queue is crowded as soon as by bodies that are not packed', async () => {
    const { queue, unpacker, unpack } = makeHarness();
    const packed = gzipSync(Buffer.alloc(MIB / 4, 'abc'));
    for (let n = 0; n < 200; n++) await unpack(packed, 'gzip');
    const arriving = (coding: ContentCoding, byteLength: number) => {
      const body = unpacker.arriving(coding);
      body.add(byteLength);
      const { isCrowded } = queue;
      body.end();
      return isCrowded;
    };
    let bytes = 1_000;
    while (!arriving('identity', bytes) && bytes < 1e12) bytes *= 2;
    expect(arriving('gzip', bytes / 4)).to.equal(true);
    expect(arriving('identity', bytes / 4)).to.equal(false);
  });

  it('are not unpacked where there is no room for their request any more', async () => {
    const { port, doors, state } = await startServing();
    const connection = await RawConnection.open(port);
    const request = post('/v1/traces', 'not packed at all', { 'content-encoding': 'gzip' });
    connection.write(request.slice(0, -5));
    // What is sent behind it is answered once its head was seen.
    const other = await RawConnection.open(port);
    other.write(post('/v1/traces', '{}'));
    await other.says(/HTTP\/1.1 200/);
    state.whyFull = () => 'queue_full';
    connection.write(request.slice(-5));
    await connection.says(/^HTTP\/1.1 503 [\s\S]*queue_full$/i);
    expect(doors.traces.requests).to.have.length(1);
  });
});
