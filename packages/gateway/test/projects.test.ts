// SPDX-License-Identifier: Apache-2.0
import { once } from 'node:events';
import { chmodSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import { expect } from 'chai';
import fc from 'fast-check';
import { recordConversion } from 'opentelemetry-exporter-optimizely';
import { ManualRuntime } from 'opentelemetry-exporter-optimizely/testing';
import { makeDatafile } from '../../../test/support/datafile.js';
import { RecordingLogger } from '../../../test/support/fakes.js';
import { singleProject } from '../src/config/single-project.js';
import { createEngine } from '../src/engine.js';
import {
  closeEngines,
  conversion,
  countedEvents,
  impression,
  makeEngine,
  makeFolder,
  NOW_NANOS,
  SENDER,
  startDestination,
  until,
  userIds,
} from './support/engine.js';

const TAKEN = { status: 'taken', refused: [], shownOnly: 0 };

describe('several projects', () => {
  afterEach(closeEngines);

  async function makeTwo() {
    const made = await makeEngine();
    const { engine, shop, folder } = made;
    const other = await startDestination();
    const path = join(folder, 'blog.json');
    writeFileSync(path, JSON.stringify(makeDatafile({ projectId: 'project-2' })));
    const blog = { ...shop, source: { kind: 'file', path }, endpoint: other.url } as const;
    await engine.reload({ projects: { shop, blog }, defaultProject: 'shop' });
    return { ...made, other, blog };
  }

  it('get events by the resource, else by what the request names, else by default', async () => {
    const { take, runtime, destination, other } = await makeTwo();
    const by = (id: string) => ({ attributes: { 'feature_flag.context.id': id } });
    const receipts = [
      take([
        conversion(by('default')),
        conversion({ ...by('resource'), resource: { 'optimizely.project': 'blog' } }),
      ]),
      take(
        [
          conversion(by('header')),
          conversion({ ...by('resource wins'), resource: { 'optimizely.project': 'shop' } }),
        ],
        {
          name: 'test',
          project: 'blog',
        },
      ),
    ];
    await runtime.advance(501);
    expect(await Promise.all(receipts)).to.deep.equal([TAKEN, TAKEN]);
    expect(userIds(destination)).to.have.members(['default', 'resource wins']);
    expect(userIds(other)).to.have.members(['resource', 'header']);
  });

  it('never get events of a resource whose project is no text: those are refused', async () => {
    const { take, counts, other, runtime, destination } = await makeTwo();
    for (const name of [true, 1.5, null, ['shop'], { name: 'shop' }, new Uint8Array([1])]) {
      const receipt = await take([conversion({ resource: { 'optimizely.project': name } })]);
      expect(receipt.status === 'taken' && receipt.refused[0]?.reason).to.equal('unknown_project');
    }
    expect(counts.map(({ outcome }) => outcome)).to.deep.equal(Array(6).fill('unknown_project'));
    await runtime.advance(501);
    expect([...userIds(destination), ...userIds(other)]).to.deep.equal([]);
  });

  it('may be named by digits, also where an SDK makes a number of them', async () => {
    const { engine, take, runtime, blog, shop, other } = await makeTwo();
    await engine.reload({ projects: { shop, '42': blog, '9007199254740993': blog }, defaultProject: 'shop' });
    for (const name of [42, 9_007_199_254_740_993n]) {
      void take([conversion({ resource: { 'optimizely.project': name } })]);
    }
    await runtime.advance(501);
    await until(() => userIds(other).length === 2);
  });

  it('are the default for a resource that names an empty one, as an unset variable does', async () => {
    const { take, runtime, destination } = await makeTwo();
    const receipt = take([conversion({ resource: { 'optimizely.project': '' } })]);
    await runtime.advance(501);
    expect(await receipt).to.deep.equal(TAKEN);
    expect(userIds(destination)).to.have.length(1);
  });

  it('have no default where none is named', async () => {
    const { take, engine, shop, blog } = await makeTwo();
    await engine.reload({ projects: { shop, blog } });
    const receipt = await take([conversion()]);
    expect(receipt.status === 'taken' && receipt.refused[0]?.reason).to.equal('unknown_project');
  });

  it('are told apart in the counts and in the log', async () => {
    const { takeAndFlush, counts, logger, engine, shop } = await makeTwo();
    await takeAndFlush([conversion(), conversion({ resource: { 'optimizely.project': 'blog' } })]);
    expect(counts.map(({ project, count }) => [project, count])).to.deep.equal([
      ['shop', 1],
      ['blog', 1],
    ]);
    await engine.reload({
      projects: { broken: { ...shop, source: { kind: 'file', path: '/nonexistent' } } },
    });
    expect(logger.at('error').join()).to.match(
      /^project broken: the datafile \/nonexistent can't be read \(ENOENT\)/,
    );
  });

  it('are told apart in the metrics of the exporter', async () => {
    const { shop, destination } = await makeTwo();
    const exporter = new InMemoryMetricExporter(AggregationTemporality.DELTA);
    const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 });
    const meterProvider = new MeterProvider({ readers: [reader] });
    const runtime = new ManualRuntime();
    const engine = createEngine({
      config: { projects: { shop, blog: { ...shop, batchSize: 3 } }, defaultProject: 'shop' },
      logger: new RecordingLogger(),
      meterProvider,
      runtime,
    });
    void engine.otlp.take({ events: [conversion(), conversion()], unreadable: [] }, SENDER);
    await runtime.advance(501);
    await until(() => destination.batches.length === 1);
    await until(() => engine.projects()[0]?.ledger.delivered === 2);
    await reader.forceFlush();
    const metrics = exporter
      .getMetrics()
      .flatMap(({ scopeMetrics }) => scopeMetrics.flatMap(scope => scope.metrics));
    expect(metrics).to.have.length.above(5);
    for (const { descriptor, dataPoints } of metrics) {
      for (const { attributes } of dataPoints) {
        expect(attributes['optimizely.project'], descriptor.name).to.be.oneOf(['shop', 'blog']);
      }
    }
    const recorded = metrics.find(({ descriptor }) => descriptor.name.endsWith('recorded'))?.dataPoints;
    expect(recorded?.map(({ attributes, value }) => [attributes['optimizely.project'], value])).to.deep.equal(
      [['shop', 2]],
    );
    await engine.close();
    exporter.reset();
    await reader.forceFlush();
    const left = exporter
      .getMetrics()
      .flatMap(({ scopeMetrics }) => scopeMetrics.flatMap(scope => scope.metrics));
    expect(left.filter(({ descriptor }) => descriptor.name.includes('queue'))).to.deep.equal([]);
    await meterProvider.shutdown();
  });

  it('that are not there are counted by the first twenty names, each of which has one line', async () => {
    const { take, counts, logger } = await makeTwo();
    for (let n = 0; n < 30; n++) {
      await take([conversion({ resource: { 'optimizely.project': `other-${n}` } })]);
      await take([conversion({ resource: { 'optimizely.project': 'other-0' } })]);
    }
    const names = new Set(counts.map(({ project }) => project));
    expect(names.size).to.equal(21);
    expect([...names]).to.include.members(['other-0', 'other-19', '']);
    expect(counts.reduce((sum, { count }) => sum + count, 0)).to.equal(60);
    const lines = logger.at('warn').filter(line => line.includes('are refused'));
    expect(lines).to.have.length(20);
    expect(lines[0]).to.equal(
      'events are refused: they name project "other-0", and the configuration has none for them, or none with a datafile',
    );
  });

  it('do not see what the process itself records with the library', async () => {
    const { engine, destination } = await makeTwo();
    recordConversion({ userId: 'of the host', eventKey: 'purchase' });
    await engine.close();
    expect(engine.projects().map(({ ledger }) => ledger.recorded)).to.deep.equal([0, 0]);
    expect(userIds(destination)).to.deep.equal([]);
  });
});

describe('another configuration', () => {
  afterEach(closeEngines);

  it('replaces a project that changed: the new one takes at once, the old one delivers what it has', async () => {
    const { engine, take, runtime, destination, shop, state } = await makeEngine();
    const owed = take([conversion()]);
    const replaced = engine.reload({ projects: { shop: { ...shop, batchSize: 1 } } });
    expect(state().outstandingEvents).to.equal(0);
    expect(await take([conversion()])).to.deep.equal(TAKEN);
    expect(await owed).to.deep.equal(TAKEN);
    await replaced;
    expect(userIds(destination)).to.have.length(2);
    await runtime.advance(1);
  });

  it('keeps the datafile of a project that changed in force where its file has a bad one by now', async () => {
    const { engine, takeAndFlush, shop, folder, writeDatafile, state, runtime } = await makeEngine();
    writeFileSync(join(folder, 'datafile.json'), JSON.stringify(makeDatafile()).slice(0, 40));
    await engine.reload({ projects: { renamed: { ...shop, batchSize: 1 } } });
    expect(state()).to.deep.include({ name: 'renamed', notReady: undefined });
    expect(await takeAndFlush([conversion()])).to.deep.equal(TAKEN);
    writeDatafile({ revision: 'mended' });
    await runtime.advance(5_000);
    await until(() => state().revision === 'mended');
  });

  it('of another file does not have the datafile of the one before it', async () => {
    const { engine, shop, folder, state } = await makeEngine();
    const path = join(folder, 'other.json');
    writeFileSync(path, '{');
    await engine.reload({ projects: { shop: { ...shop, source: { kind: 'file', path } } } });
    expect(state()).to.deep.include({ revision: undefined, notReady: 'no_datafile' });
  });

  it('keeps the datafile of a project that changed in force where it can not be fetched now', async () => {
    const { engine, takeAndFlush, shop, runtime, state } = await makeEngine();
    const answers = [JSON.stringify(makeDatafile({ revision: 'fetched' }))];
    const cdn = createServer((_request, response) => {
      const body = answers.shift();
      response.writeHead(body === undefined ? 503 : 200).end(body);
    });
    cdn.listen(0, '127.0.0.1');
    await once(cdn, 'listening');
    try {
      const { port } = cdn.address() as AddressInfo;
      const urlTemplate = `http://127.0.0.1:${port}/{sdkKey}.json`;
      const source = { kind: 'sdk-key', sdkKey: 'key', urlTemplate } as const;
      await engine.reload({ projects: { shop: { ...shop, source } } });
      await until(() => state().revision === 'fetched');
      const changed = { ...source, accessToken: 'another' };
      await engine.reload({ projects: { shop: { ...shop, source: changed, batchSize: 1 } } });
      expect(state()).to.deep.include({ revision: 'fetched', notReady: undefined });
      expect(await takeAndFlush([conversion()])).to.deep.equal(TAKEN);
      await engine.reload({ projects: { shop: { ...shop, source: { ...source, sdkKey: 'other' } } } });
      expect(state().revision).to.equal(undefined);
      await runtime.advance(1);
    } finally {
      cdn.closeAllConnections();
      cdn.close();
    }
  });

  it('leaves projects alone that did not change', async () => {
    const { engine, take, shop, state, destination } = await makeEngine();
    void take([conversion()]);
    await engine.reload({
      projects: { shop: structuredClone(shop), more: { ...shop, batchSize: 7 } },
      defaultProject: 'shop',
    });
    expect(state()).to.deep.include({ name: 'shop', outstandingEvents: 1 });
    expect(destination.requests).to.equal(0);
  });

  it('ends projects that it does not have', async () => {
    const { engine, take, shop, destination } = await makeEngine();
    const owed = take([conversion()]);
    await engine.reload({ projects: { other: shop } });
    expect(await owed).to.deep.equal(TAKEN);
    expect(engine.projects().map(({ name }) => name)).to.deep.equal(['other']);
    expect(userIds(destination)).to.have.length(1);
  });

  it('and an end right after it: what the replaced project has is delivered, and its receipts are given', async () => {
    const { engine, take, shop, destination, runtime } = await makeEngine();
    let answer = 503;
    destination.answers = [() => answer];
    const owed = take([conversion()]);
    await runtime.advance(501);
    await until(() => destination.requests === 1);
    void engine.reload({ projects: { shop: { ...shop, batchSize: 3 } } });
    let isClosed = false;
    const closed = engine.close().then(() => {
      isClosed = true;
    });
    for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate);
    expect(isClosed, 'while the old project has an event').to.equal(false);
    answer = 204;
    while (!isClosed) await runtime.advance(100);
    await closed;
    expect(await owed).to.deep.equal(TAKEN);
    expect(userIds(destination)).to.have.length(1);
  });

  it('that cannot be used changes nothing', async () => {
    const { engine, shop, state, take } = await makeEngine();
    void take([conversion()]);
    const error = await engine
      .reload({ projects: { fine: shop, shop: { ...shop, userIdHashKey: 'short' } } })
      .catch((thrown: unknown) => thrown);
    expect(error).to.be.instanceOf(TypeError).with.property('message').that.includes('userIdHashKey');
    expect(engine.projects().map(({ name }) => name)).to.deep.equal(['shop']);
    expect(state().outstandingEvents).to.equal(1);
  });

  it('comes into force for later requests only: one that is owed keeps its project', async () => {
    const { engine, take, shop, runtime, destination } = await makeEngine();
    destination.answers = [() => 503];
    const owed = take([conversion()]);
    await runtime.advance(600);
    void engine.reload({ projects: { shop: { ...shop, batchSize: 3 } } });
    let receipt: unknown;
    void owed.then(given => {
      receipt = given;
    });
    while (receipt === undefined) await runtime.advance(500);
    expect(receipt).to.deep.include({ status: 'later' });
  });
});

describe('flag evaluations', () => {
  afterEach(closeEngines);

  const evaluation = (attributes = {}) => ({
    ...impression({
      attributes: {
        'feature_flag.context.id': 'user',
        'feature_flag.key': 'checkout',
        'feature_flag.result.variant': 'treatment',
        ...attributes,
      },
    }),
    name: 'feature_flag.evaluation',
  });

  it('are left alone unless they are asked for', async () => {
    const { take, engine, counts } = await makeEngine();
    expect(engine.takesEvaluations).to.equal(false);
    expect(await take([evaluation()])).to.deep.equal(TAKEN);
    expect(counts).to.deep.equal([]);
  });

  it('are impressions of the experiment that their rule, or their variation, tells', async () => {
    const { takeAndFlush, engine, destination } = await makeEngine({
      project: { evaluationEvents: true },
      datafile: { rollouts: [] },
    });
    expect(engine.takesEvaluations).to.equal(true);
    const inferred = evaluation({ 'optimizely.rule.key': null, 'optimizely.rule.type': null });
    expect(
      await takeAndFlush([evaluation(), { ...inferred, timeUnixNano: NOW_NANOS + 1_000_000n }]),
    ).to.deep.equal(TAKEN);
    const decisions = destination.batches.flatMap(({ params }) =>
      params.visitors.flatMap(({ snapshots }) => snapshots.flatMap(({ decisions }) => decisions ?? [])),
    );
    expect(decisions.map(({ experiment_id, variation_id }) => [experiment_id, variation_id])).to.deep.equal([
      ['200', '2002'],
      ['200', '2002'],
    ]);
  });

  it('of other flags are no events of ours', async () => {
    const { take, counts } = await makeEngine({ project: { evaluationEvents: true } });
    const other = evaluation({
      'feature_flag.key': 'other',
      'optimizely.rule.key': null,
      'optimizely.rule.type': null,
    });
    expect(await take([other])).to.deep.equal(TAKEN);
    expect(counts).to.deep.equal([]);
  });
});

describe('the gateway of one project', () => {
  afterEach(closeEngines);

  it('is what the flags of the command line make', async () => {
    const folder = makeFolder();
    const path = join(folder, 'datafile.json');
    writeFileSync(path, JSON.stringify(makeDatafile()));
    const destination = await startDestination();
    const { engine, runtime, take } = await makeEngine();
    await engine.reload(
      singleProject({ datafile: path, endpoint: destination.url, store: join(folder, 'store') }),
    );
    expect(await take([conversion()])).to.deep.equal(TAKEN);
    await runtime.advance(2_001);
    await until(() => destination.batches.length === 1);
  });

  it('reads its datafile again when the file changes, and keeps the one before a bad one', async () => {
    const { state, writeDatafile, runtime, folder, logger } = await makeEngine();
    writeDatafile({ revision: '8' });
    await runtime.advance(5_001);
    await until(() => state().revision === '8');
    writeFileSync(join(folder, 'datafile.json'), '{"version":');
    for (let n = 0; n < 3; n++) await runtime.advance(5_001);
    await until(() => logger.at('error').length > 0);
    expect(logger.at('error').join()).to.contain(`the file ${join(folder, 'datafile.json')}: `);
    expect(state()).to.deep.include({ revision: '8', notReady: undefined });
  });

  it('has a datafile of no age while its file is as it was read, and an aging one while the file is of no use', async () => {
    const { state, writeDatafile, runtime, folder, logger } = await makeEngine();
    const age = () => state().datafileAgeMillis ?? Number.POSITIVE_INFINITY;
    for (let n = 0; n < 5; n++) {
      await runtime.advance(5_000);
      await until(() => age() === 0);
    }
    for (const spoil of [() => writeFileSync(join(folder, 'datafile.json'), '{"version":'), () => {}]) {
      spoil();
      const { armed } = runtime;
      await runtime.advance(5_000);
      await until(() => runtime.armed === armed && logger.at('error').length > 0);
    }
    expect(age()).to.equal(10_000);
    writeDatafile({ revision: '8' });
    await runtime.advance(5_000);
    await until(() => state().revision === '8');
    expect(age()).to.equal(0);
  });

  it('reads a datafile that it may read only once its permissions are mended', async () => {
    const { state, writeDatafile, runtime, folder, logger } = await makeEngine();
    const path = join(folder, 'datafile.json');
    chmodSync(folder, 0o755);
    writeDatafile({ revision: '8' });
    const isRoot = process.getuid?.() === 0;
    chmodSync(path, 0o000);
    if (isRoot) process.seteuid?.(65_534);
    try {
      await runtime.advance(5_000);
      await until(() => logger.at('error').some(line => line.includes('EACCES')));
    } finally {
      if (isRoot) process.seteuid?.(0);
    }
    chmodSync(path, 0o644);
    await runtime.advance(5_000);
    await until(() => state().revision === '8');
  });
});

describe('requests that are sent again', () => {
  afterEach(closeEngines);

  it('count each event once: 20,000 events, 30 % of the requests repeated', async function () {
    this.timeout(60_000);
    const { take, runtime, destination, state } = await makeEngine({ project: { batchSize: 500 } });
    let seed = 7;
    const random = () => {
      seed = (seed * 48_271) % 2_147_483_647;
      return seed / 2_147_483_647;
    };
    const late: (() => unknown)[] = [];
    for (let request = 0; request < 1_000; request++) {
      const events = Array.from({ length: 20 }, (_, n) =>
        (n % 2 === 0 ? conversion : impression)({
          timeUnixNano: NOW_NANOS + BigInt(request) * 1_000_000n,
          spanId: String(request).padStart(16, '0'),
        }),
      );
      // The attributes in another order, as another exporter writes them.
      const again = events.map(event => ({
        ...event,
        attributes: Object.fromEntries(Object.entries(event.attributes).reverse()),
      }));
      void take(events);
      if (random() < 0.15) void take(again);
      else if (random() < 0.18) late.push(() => take(again));
      if (request % 50 === 0) {
        await runtime.advance(501);
        for (const repeat of late.splice(0, late.length / 2)) void repeat();
      }
    }
    for (const repeat of late) void repeat();
    while (state().outstandingEvents > 0) await runtime.advance(501);
    expect(countedEvents(destination)).to.have.length(20_000);
    expect(userIds(destination).length, 'and hardly any is sent twice').to.be.below(20_100);
  });

  it('end in one receipt and one event each, whatever the destination answers', async () => {
    const answers = fc.array(fc.constantFrom(204, 503, 429, 408, 500), { maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(
        answers,
        fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 1, maxLength: 8 }),
        async (script, picks) => {
          const { take, runtime, destination, state, engine } = await makeEngine({
            // The clock of the test runs on while a request is on its way.
            project: { batchSize: 2, requestTimeoutMillis: 2 ** 31 },
          });
          destination.answers = [...script];
          const events = Array.from({ length: 5 }, () => conversion());
          const got = new Set<number>();
          for (const pick of picks) {
            const chosen = [pick, (pick + 1) % 5];
            void take(chosen.flatMap(index => events[index] ?? [])).then(({ status }) => {
              if (status === 'taken') for (const index of chosen) got.add(index);
            });
            await runtime.advance(300);
          }
          while (state().outstandingEvents > 0) await runtime.advance(1_000);
          await engine.close();
          const sent = countedEvents(destination).length;
          expect(sent).to.be.at.least(got.size);
          expect(userIds(destination)).to.have.length(sent);
          await closeEngines();
        },
      ),
      { numRuns: 15 },
    );
  });
});
