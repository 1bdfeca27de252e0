// SPDX-License-Identifier: Apache-2.0
import { expect } from 'chai';
import fc from 'fast-check';
import type { StoredEvent } from 'opentelemetry-exporter-optimizely/file-store';
import { ackedRecords, decodeAcks, encodeAcks } from '../../src/store/ack-codec.js';
import { RecordDecoder } from '../../src/store/record-decoder.js';
import { RecordEncoder } from '../../src/store/record-encoder.js';
import { RECORD_AT, RECORD_MAGIC } from '../../src/store/record-layout.js';
import { scanSegment, scanSegmentInTurns } from '../../src/store/scan-segment.js';
import { encodeSegmentHeader, SEGMENT_HEADER_BYTES } from '../../src/store/segment-header.js';
import { makeEvent, makeUnresolvedEvent } from './harness.js';

const text = fc.string({ unit: 'binary', maxLength: 60 });
const time = fc.double({ noNaN: true, noDefaultInfinity: true });

/** All but the envelope, which few contexts have. */
const CONTEXT_KEYS = [
  'region',
  'accountId',
  'projectId',
  'revision',
  'clientName',
  'clientVersion',
  'anonymizeIP',
  'botFiltering',
] as const;

const events: fc.Arbitrary<StoredEvent> = fc.oneof(
  fc.record({
    kind: fc.constant('resolved' as const),
    type: fc.constantFrom('impression' as const, 'conversion' as const),
    uuid: text,
    context: fc.record(
      {
        region: fc.constantFrom('US' as const, 'EU' as const),
        accountId: text,
        projectId: text,
        revision: text,
        clientName: text,
        clientVersion: text,
        anonymizeIP: fc.boolean(),
        botFiltering: fc.constantFrom(true, false, undefined),
        envelope: text,
      },
      { requiredKeys: [...CONTEXT_KEYS] },
    ),
    json: text.map(members => `{${members}}`),
    acceptedAt: time,
  }),
  fc.record({
    kind: fc.constant('unresolved' as const),
    event: fc.record({
      type: fc.constant('conversion' as const),
      userId: text,
      uuid: text,
      timestamp: fc.nat(),
      eventKey: text,
    }),
    acceptedAt: time,
  }),
);

function encode(event: StoredEvent, index: number, encoder = new RecordEncoder()): Buffer {
  const record = encoder.prepare(event);
  if (record === undefined) throw new Error('not serializable');
  const length = encoder.encode(record);
  encoder.seal(index, length);
  return Buffer.from(encoder.buffer.subarray(0, length));
}

/** What a reader makes of a file: each event with its number. */
function readBack(file: Buffer): Map<number, StoredEvent> {
  const decoder = new RecordDecoder();
  const found = new Map<number, StoredEvent>();
  for (const { index, offset } of scanSegment(file).spans) {
    const event = decoder.decode(file, offset, index);
    if (event !== undefined) found.set(index, event);
  }
  return found;
}

type Damage = (file: Buffer) => Buffer;

const place = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
const at = (file: Buffer, part: number) => Math.floor(part * file.length);

const damages: fc.Arbitrary<Damage> = fc.oneof(
  fc.tuple(place, fc.nat(7)).map(
    ([part, bit]): Damage =>
      file => {
        if (file.length > 0) file[at(file, part)] = (file[at(file, part)] ?? 0) ^ (1 << bit);
        return file;
      },
  ),
  fc.tuple(place, fc.nat(300)).map(
    ([part, length]): Damage =>
      file =>
        file.fill(0, at(file, part), Math.min(file.length, at(file, part) + length)),
  ),
  place.map(
    (part): Damage =>
      file =>
        file.subarray(0, at(file, part)),
  ),
  fc.tuple(place, fc.nat(300)).map(
    ([part, length]): Damage =>
      file =>
        Buffer.concat([file.subarray(0, at(file, part)), file.subarray(at(file, part) + length)]),
  ),
  fc.tuple(place, fc.uint8Array({ maxLength: 200 })).map(
    ([part, bytes]): Damage =>
      file =>
        Buffer.concat([file.subarray(0, at(file, part)), bytes, file.subarray(at(file, part))]),
  ),
  fc.tuple(place, place, fc.nat(600)).map(
    ([from, to, length]): Damage =>
      file =>
        Buffer.concat([
          file.subarray(0, at(file, to)),
          file.subarray(at(file, from), at(file, from) + length),
          file.subarray(at(file, to)),
        ]),
  ),
);

describe('records of an event store', () => {
  it('come back as they were written', () => {
    const encoder = new RecordEncoder();
    fc.assert(
      fc.property(fc.array(events, { maxLength: 10 }), written => {
        const file = Buffer.concat([
          encodeSegmentHeader(5),
          ...written.map((event, index) => encode(event, index, encoder)),
        ]);
        expect([...readBack(file).values()]).to.deep.equal(written);
        const { header, createdAt, damages } = scanSegment(file);
        expect({ header, createdAt, damages }).to.deep.equal({ header: 'intact', createdAt: 5, damages: 0 });
      }),
    );
  });

  it('of any size come back', () => {
    const json = `{"a":"${'é𝄞'.repeat(1_000_000)}"}`;
    const encoder = new RecordEncoder();
    const file = Buffer.concat([
      encodeSegmentHeader(0),
      encode(makeEvent('large', { json }), 0, encoder),
      encode(makeEvent('small'), 1, encoder),
    ]);
    expect([...readBack(file).values()]).to.deep.equal([makeEvent('large', { json }), makeEvent('small')]);
  });

  it('take lone surrogates', () => {
    expect(readBack(Buffer.concat([encodeSegmentHeader(0), encode(makeEvent('\ud800'), 0)])).size).to.equal(
      1,
    );
  });

  it('survive any damage that does not touch them, and none is invented', () => {
    fc.assert(
      fc.property(
        fc.array(events, { minLength: 1, maxLength: 12 }),
        fc.array(damages, { minLength: 1, maxLength: 4 }),
        (written, applied) => {
          const records = written.map((event, index) => encode(event, index));
          const whole = Buffer.concat([encodeSegmentHeader(1), ...records]);
          const file = applied.reduce<Buffer>((file, damage) => damage(Buffer.from(file)), whole);
          const found = readBack(file);
          for (const [index, event] of found) expect(event).to.deep.equal(written[index]);
          for (const [index, record] of records.entries()) {
            if (file.includes(record)) expect(found.has(index), `record ${index}`).to.equal(true);
          }
        },
      ),
      { numRuns: 1_000 },
    );
  });

  it('are found in no random bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 2_000 }), bytes => {
        expect(readBack(Buffer.from(bytes)).size).to.equal(0);
        expect(readBack(Buffer.concat([encodeSegmentHeader(1), bytes])).size).to.equal(0);
      }),
    );
  });

  it('whose text looks like a record do not become one', () => {
    const inner = encode(makeEvent('inner'), 1).toString('latin1');
    const file = Buffer.concat([encodeSegmentHeader(1), encode(makeEvent('outer', { json: inner }), 0)]);
    file[30] = (file[30] ?? 0) ^ 1;
    expect(readBack(file).size).to.equal(0);
  });

  it('that are damaged are counted as places', () => {
    const records = [0, 1, 2, 3, 4].map(index => encode(makeUnresolvedEvent(`${index}`), index));
    for (const damaged of [records[1], records[2], records[4]]) damaged?.fill(0, 40, 41);
    const { spans, damages } = scanSegment(Buffer.concat([encodeSegmentHeader(1), ...records]));
    expect(spans.map(span => span.index)).to.deep.equal([0, 3]);
    expect(damages).to.equal(2);
  });
});

describe('a segment that was made to cost time', () => {
  const MEBIBYTE = 1_048_576;

  /** Marks every 36 bytes, each with the length that is asked for. */
  function makeMarks(bytes: number, lengthAt: (offset: number) => number): Buffer {
    const file = Buffer.alloc(bytes);
    encodeSegmentHeader(1).copy(file);
    for (let at = SEGMENT_HEADER_BYTES; at + RECORD_AT.texts <= bytes; at += RECORD_AT.texts) {
      RECORD_MAGIC.copy(file, at);
      file.writeUInt32LE(lengthAt(at), at + RECORD_AT.length);
    }
    return file;
  }

  /** @returns how often others had their turn */
  async function turnsFor(file: Buffer): Promise<number> {
    let turns = 0;
    const { spans } = await scanSegmentInTurns(file, async () => turns++);
    expect(spans).to.deep.equal(scanSegment(file).spans);
    return turns;
  }

  it('is checked for records that claim to reach to its end a few times, not once a mark', async () => {
    const turns = await turnsFor(makeMarks(MEBIBYTE, at => MEBIBYTE - at));
    // Checking each claim would take 15 GB, thousands of turns.
    expect(turns).to.be.within(1, 30);
  });

  it('costs twice as much where it is twice as long', async () => {
    const half = await turnsFor(makeMarks(2 * MEBIBYTE, at => 2 * MEBIBYTE - at));
    const whole = await turnsFor(makeMarks(4 * MEBIBYTE, at => 4 * MEBIBYTE - at));
    expect(whole).to.be.within(half, half * 2 + 2);
  });

  it('does not hide the records that are in it', async () => {
    const records = [0, 1, 2].map(index => encode(makeEvent(`${index}`), index));
    const marks = makeMarks(MEBIBYTE, at => 4 * MEBIBYTE - at).subarray(SEGMENT_HEADER_BYTES);
    const parts = records.flatMap(record => [marks, record, marks]);
    const file = Buffer.concat([encodeSegmentHeader(1), ...parts]);
    expect(readBack(file).size).to.equal(3);
    await turnsFor(file);
  });

  it('has one turn where it is an ordinary one', async () => {
    const records = Array.from({ length: 1_000 }, (_, index) => encode(makeEvent(`${index}`), index));
    expect(await turnsFor(Buffer.concat([encodeSegmentHeader(1), ...records]))).to.equal(0);
  });
});

describe('records that another program made', () => {
  const unresolved = (event: unknown, acceptedAt = 1) =>
    readBack(
      Buffer.concat([
        encodeSegmentHeader(1),
        encode({ kind: 'unresolved', event, acceptedAt } as StoredEvent, 0),
      ]),
    ).size;

  it('are no events where what they hold is none', () => {
    const event = { type: 'conversion', userId: 'u', uuid: 'x', timestamp: 1, eventKey: 'k' };
    expect(unresolved(event)).to.equal(1);
    const others = [null, 5, 'text', [], {}, { ...event, type: 'other' }, { ...event, userId: 5 }];
    for (const ruleType of ['__proto__', 'toString', null, 1]) others.push({ ...event, ruleType });
    others.push({ ...event, uuid: null }, { ...event, timestamp: '1' });
    for (const other of others) expect(unresolved(other), JSON.stringify(other)).to.equal(0);
  });

  it('are no events where their text is not that of an object', () => {
    const resolved = (json: string) =>
      readBack(Buffer.concat([encodeSegmentHeader(1), encode(makeEvent('x', { json }), 0)])).size;
    expect(resolved('{}')).to.equal(1);
    for (const json of ['', 'text', '[]', '{', '}', '5', 'null']) expect(resolved(json), json).to.equal(0);
  });

  it('are no events where they were accepted at no time', () => {
    const event = { type: 'conversion', userId: 'u', uuid: 'x', timestamp: 1, eventKey: 'k' };
    for (const time of [Number.NaN, Number.POSITIVE_INFINITY]) expect(unresolved(event, time)).to.equal(0);
    for (const time of [-1, 0, 1e300]) expect(unresolved(event, time)).to.equal(1);
  });
});

describe('acks of an event store', () => {
  const indexes = fc.uniqueArray(fc.nat(65_535), { maxLength: 50 });
  const all = (file: Buffer) =>
    decodeAcks(file).flatMap(({ first, last }) =>
      Array.from({ length: last - first + 1 }, (_, offset) => first + offset),
    );

  it('come back, runs as one entry', () => {
    fc.assert(
      fc.property(indexes, removed => {
        expect(all(encodeAcks(removed))).to.deep.equal([...removed].sort((a, b) => a - b));
      }),
    );
    expect(encodeAcks([7, 5, 6]).length).to.equal(8);
  });

  it('never name a record that was not removed, whatever happens to the file', () => {
    fc.assert(
      fc.property(indexes, fc.array(damages, { minLength: 1, maxLength: 3 }), (removed, applied) => {
        const file = applied.reduce<Buffer>((file, damage) => damage(Buffer.from(file)), encodeAcks(removed));
        for (const index of all(file)) expect(removed).to.include(index);
      }),
      { numRuns: 1_000 },
    );
  });

  it('go on after a torn entry', () => {
    const file = Buffer.concat([encodeAcks([1]).subarray(0, 5), encodeAcks([8, 9])]);
    expect(all(file)).to.deep.equal([8, 9]);
  });

  it('cost the same each, however many records they name', () => {
    const all = encodeAcks(Array.from({ length: 65_536 }, (_, index) => index));
    expect(all.length).to.equal(8);
    const acked = ackedRecords(Buffer.concat(Array.from({ length: 131_072 }, () => all)));
    expect(acked.every(value => value === 1)).to.equal(true);
    expect(ackedRecords(encodeAcks([0, 1, 5, 65_535])).reduce((sum, value) => sum + value, 0)).to.equal(4);
  });

  it('are not scanned for without end in what is none', () => {
    const junk = Buffer.alloc(100_000, 1);
    expect(decodeAcks(Buffer.concat([junk, encodeAcks([7])]))).to.deep.equal([]);
    const torn = Buffer.alloc(4_096);
    expect(decodeAcks(Buffer.concat([encodeAcks([3]), torn, encodeAcks([7])]))).to.deep.equal([
      { first: 3, last: 3 },
      { first: 7, last: 7 },
    ]);
  });
});
