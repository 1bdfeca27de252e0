// SPDX-License-Identifier: Apache-2.0
import { expect } from 'chai';
import fc from 'fast-check';
import {
  BatchEventProcessor,
  type BatchEventProcessorOptions,
  OptimizelySpanProcessor,
  type SerializedEvent,
  StaticProjectConfigManager,
} from 'opentelemetry-exporter-optimizely';
import { makeDatafile } from './support/datafile.js';
import { ManualExporter, makeContext, makeUserEvent, RecordingLogger } from './support/fakes.js';
import { ManualRuntime } from './support/manual-runtime.js';

function makeBatching(options: Partial<BatchEventProcessorOptions> = {}) {
  const runtime = new ManualRuntime();
  const exporter = new ManualExporter();
  exporter.immediate = true;
  const processor = new BatchEventProcessor({
    exporter,
    logger: new RecordingLogger(),
    runtime,
    startOnInit: true,
    ...options,
  });
  const record = (revision: string, overrides: Partial<SerializedEvent> = {}) =>
    processor.process(
      makeUserEvent({ context: makeContext({ revision }), acceptedAt: runtime.monotonic(), ...overrides }),
    );
  const sent = () =>
    exporter.batches.map(({ context, events, cause }) => `${context.revision}:${events.length}:${cause}`);
  return { processor, exporter, runtime, record, sent };
}

describe('maxOpenBatches', () => {
  it('lets contexts that take turns fill a batch each', () => {
    const { record, sent } = makeBatching({ batchSize: 3, maxOpenBatches: 3 });
    for (let turn = 0; turn < 3; turn++) for (const revision of ['1', '2', '3']) record(revision);
    expect(sent()).to.deep.equal(['1:3:size', '2:3:size', '3:3:size']);
  });

  it('defaults to one: each event of another context closes the batch before it', () => {
    const { record, sent } = makeBatching({ batchSize: 3 });
    for (const revision of ['1', '2', '1']) record(revision);
    expect(sent()).to.deep.equal(['1:1:revision', '2:1:revision']);
  });

  it('closes the batch that was used longest ago when there is one context too many', () => {
    const { record, sent } = makeBatching({ maxOpenBatches: 2 });
    for (const revision of ['1', '2', '1', '3', '1', '2']) record(revision);
    expect(sent()).to.deep.equal(['2:1:revision', '3:1:revision']);
  });

  it('gives the place of a batch that has left to the next context', () => {
    const { record, sent } = makeBatching({ batchSize: 2, maxOpenBatches: 2 });
    for (const revision of ['1', '2', '2', '3', '1', '3']) record(revision);
    expect(sent()).to.deep.equal(['2:2:size', '1:2:size', '3:2:size']);
  });

  it('counts the age of each batch for itself', async () => {
    const { record, sent, runtime } = makeBatching({ maxOpenBatches: 3, flushIntervalMillis: 1_000 });
    record('1');
    await runtime.advance(400);
    record('2');
    await runtime.advance(400);
    record('1');
    await runtime.advance(199);
    expect(sent()).to.deep.equal([]);
    await runtime.advance(2);
    expect(sent()).to.deep.equal(['1:2:age']);
    await runtime.advance(397);
    expect(sent()).to.deep.equal(['1:2:age']);
    await runtime.advance(2);
    expect(sent()).to.deep.equal(['1:2:age', '2:1:age']);
    expect(runtime.armed, 'no timer while nothing waits').to.equal(0);
  });

  it('closes all that are due at once', async () => {
    const { record, sent, runtime } = makeBatching({ maxOpenBatches: 3, flushIntervalMillis: 1_000 });
    for (const revision of ['1', '2', '3']) record(revision);
    await runtime.advance(1_001);
    expect(sent()).to.deep.equal(['1:1:age', '2:1:age', '3:1:age']);
  });

  it('counts bytes of each batch for itself', async () => {
    const json = JSON.stringify({ visitor_id: 'x'.repeat(300), attributes: [], snapshots: [] });
    const { record, sent, processor } = makeBatching({ maxOpenBatches: 2, maxPayloadBytes: 900 });
    for (const revision of ['1', '2', '1', '2', '1']) record(revision, { json, byteLength: json.length });
    expect(sent()).to.deep.equal(['1:2:bytes']);
    await processor.flush();
    expect(sent()).to.have.members(['1:2:bytes', '1:1:flush', '2:2:flush']);
  });

  it('sends all of them at a flush and at the end', async () => {
    const { record, sent, processor } = makeBatching({ maxOpenBatches: 3 });
    for (const revision of ['1', '2']) record(revision);
    await processor.flush();
    expect(sent()).to.deep.equal(['1:1:flush', '2:1:flush']);
    for (const revision of ['3', '4', '5']) record(revision);
    await processor.stop();
    expect(sent().slice(2)).to.have.members(['3:1:shutdown', '4:1:shutdown', '5:1:shutdown']);
    expect(processor.ledger()).to.deep.include({ delivered: 5, pending: 0 });
  });

  it('sends the oldest first where they fill the memory', () => {
    const { record, sent } = makeBatching({ maxOpenBatches: 3, maxQueueSize: 10, batchSize: 9 });
    for (const revision of ['1', '1', '1', '2', '2', '2', '3', '3', '3', '3']) record(revision);
    expect(sent()[0]).to.equal('1:3:size');
  });

  it('is told of a datafile: batches of another SDK go on, those resolved here go out', async () => {
    const runtime = new ManualRuntime();
    const exporter = new ManualExporter();
    exporter.immediate = true;
    const projectConfigManager = new StaticProjectConfigManager({ datafile: makeDatafile() });
    const processor = new OptimizelySpanProcessor({
      projectConfigManager,
      exporter,
      runtime,
      maxOpenBatches: 4,
      logger: new RecordingLogger(),
    });
    processor.recordConversion({ userId: 'visitor', eventKey: 'purchase' });
    const python = makeContext({ clientName: 'python-sdk', revision: '7' });
    const acceptedAt = runtime.monotonic();
    processor.process(makeUserEvent({ context: python, acceptedAt }), undefined, null);
    const java = makeContext({ clientName: 'java-sdk', envelope: '{"client_name":"java-sdk"}' });
    processor.process(makeUserEvent({ context: java, acceptedAt }), undefined, null);
    projectConfigManager.setDatafile({ ...makeDatafile(), revision: 'newer' });
    expect(exporter.causes).to.deep.equal(['revision']);
    expect(exporter.batches[0]?.context.clientName).to.equal('opentelemetry-exporter-optimizely');
    await processor.shutdown();
    expect(exporter.batches.map(({ context }) => context.clientName).slice(1)).to.have.members([
      'python-sdk',
      'java-sdk',
    ]);
  });

  it('mixes no contexts, keeps the order within each, loses nothing, and has no more open than it may', async () => {
    const step = fc.record({
      revision: fc.integer({ min: 1, max: 6 }),
      wait: fc.integer({ min: 0, max: 400 }),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { maxLength: 60 }),
        fc.integer({ min: 1, max: 4 }),
        fc.integer({ min: 1, max: 5 }),
        async (steps, maxOpenBatches, batchSize) => {
          const { record, exporter, runtime, processor } = makeBatching({
            maxOpenBatches,
            batchSize,
            flushIntervalMillis: 1_000,
          });
          const recorded = new Map<string, string[]>();
          for (const [index, { revision, wait }] of steps.entries()) {
            const uuid = `event-${index}`;
            record(String(revision), { uuid });
            recorded.set(String(revision), [...(recorded.get(String(revision)) ?? []), uuid]);
            await runtime.advance(wait);
            const left = new Set(exporter.batches.flatMap(({ events }) => events.map(event => event.uuid)));
            const open = [...recorded.values()].filter(uuids => uuids.some(one => !left.has(one)));
            expect(open.length).to.be.at.most(maxOpenBatches);
          }
          await processor.stop();
          const sent = new Map<string, string[]>();
          for (const { context, events } of exporter.batches) {
            expect(events.length).to.be.at.most(batchSize);
            expect(new Set(events.map(event => event.context.revision))).to.deep.equal(
              new Set([context.revision]),
            );
            const uuids = events.map(event => event.uuid);
            sent.set(context.revision, [...(sent.get(context.revision) ?? []), ...uuids]);
          }
          expect(sent).to.deep.equal(recorded);
        },
      ),
      { numRuns: 60 },
    );
  });
});
