// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import {
  createForwardingEventProcessor,
  createInstance,
  createStaticProjectConfigManager,
} from '@optimizely/optimizely-sdk';
import { expect } from 'chai';
import {
  type EventBatchParams,
  type LedgerSnapshot,
  OptimizelySpanProcessor,
} from 'opentelemetry-exporter-optimizely';
import { markedBlock, runBlock } from './run-code.js';

const PAGE = 'docs/migration.md';
const datafile = readFileSync(new URL('../golden/datafile.json', import.meta.url), 'utf8');
const userId = 'user-1';
const attributes = { plan: 'pro' };
const silent = { error() {}, warn() {}, info() {}, debug() {} };

/** Takes LogEvents of every SDK, and answers in both ways. */
class Recorder {
  readonly sent: EventBatchParams[] = [];

  dispatchEvent = async (
    { params }: { params: unknown },
    callback?: (answer: { statusCode: number }) => void,
  ) => {
    this.sent.push(JSON.parse(JSON.stringify(params)) as EventBatchParams);
    if (typeof callback === 'function') callback({ statusCode: 204 });
    return { statusCode: 204 };
  };

  /** All but what differs from run to run. */
  get visitors() {
    const text = JSON.stringify(this.sent.flatMap(({ visitors }) => visitors));
    return JSON.parse(text, (key, value) => (['uuid', 'timestamp'].includes(key) ? undefined : value));
  }
}

/** @param edit of the code, for what a reader's process does by itself */
async function run(mark: string, names: Record<string, unknown> = {}, edit = (code: string) => code) {
  const recorder = new Recorder();
  const lines: unknown[] = [];
  const block = markedBlock(PAGE, mark);
  await runBlock(
    { ...block, code: edit(block.code) },
    {
      datafile,
      userId,
      attributes,
      eventDispatcher: recorder,
      logger: silent,
      log: (line: unknown) => lines.push(line),
      ...names,
    },
  );
  return { recorder, lines };
}

describe('the code of the migration page', () => {
  // The official SDK's batch processor loses the events of the turn in which it is closed.
  const inATurnOfItsOwn = (code: string) =>
    code.replace('await optimizely.close', 'await new Promise(setImmediate);\n$&');

  /** Both versions may be asked; version 5 must be. */
  const ready =
    (edit = (code: string) => code) =>
    (code: string) =>
      edit(code).replace('const user', 'await optimizely.onReady();\n$&');

  it('from JavaScript, version 6: sends after what it sent before', async () => {
    const before = await run('v6-before', {}, inATurnOfItsOwn);
    const after = await run('v6-after');
    expect(before.recorder.visitors).to.have.length(3);
    expect(after.recorder.visitors).to.deep.equal(before.recorder.visitors);
    expect(after.recorder.sent).to.have.length(1);
  });

  it('from JavaScript, version 5: sends after what it sent before', async () => {
    const before = await run('v5-before', {}, ready());
    const after = await run('v5-after', {}, ready());
    expect(before.recorder.visitors).to.have.length(2);
    expect(after.recorder.visitors).to.deep.equal(before.recorder.visitors);
  });

  for (const version of ['v6', 'v5']) {
    it(`keeping the calls of ${version}: sends what it sent before`, async () => {
      const calls = markedBlock(PAGE, `${version}-before`).code.replace(/^[\s\S]*?(?=const user)/, '');
      const before = await run(`${version}-before`, {}, ready(inATurnOfItsOwn));
      const kept = await run(`${version}-calls-kept`, {}, code =>
        ready(code => code.replace(/\/\/ …[\s\S]*?(?=await processor)/, calls))(code),
      );
      expect(before.recorder.visitors).to.have.length.above(1);
      expect(kept.recorder.visitors).to.deep.equal(before.recorder.visitors);
      expect(kept.recorder.sent).to.have.length(1);
    });
  }

  it('from Python: sends one batch, and tells the listener of it', async () => {
    const { recorder, lines } = await run('python-after');
    expect(recorder.sent).to.have.length(1);
    expect(recorder.visitors).to.have.length(2);
    expect(lines).to.deep.equal([2]);
  });

  it('from Python: the batching rules alone', async () => {
    const { recorder } = await run('python-rules-alone');
    expect(recorder.visitors).to.have.length(1);
  });

  for (const mark of ['dispatcher-v5', 'dispatcher-v6']) {
    it(`${mark} delivers`, async () => {
      const bodies: string[] = [];
      const send = async (_url: string, body: string) => {
        bodies.push(body);
        return bodies.length === 1 ? 503 : 204;
      };
      const { eventDispatcher } = await runBlock(markedBlock(PAGE, mark), { send }, ['eventDispatcher']);
      const processor = new OptimizelySpanProcessor({
        datafile,
        eventDispatcher: eventDispatcher as Recorder,
        logger: silent,
      });
      processor.recordConversion({ userId, eventKey: 'purchase' });
      await processor.shutdown();
      expect(processor.ledger()).to.include({ recorded: 1, delivered: 1 } satisfies Partial<LedgerSnapshot>);
      expect(bodies).to.have.length(2);
      expect(bodies[1]).to.equal(bodies[0]);
    });
  }

  it('listeners hear before and after', async () => {
    const dispatcher = new Recorder();
    const optimizely = createInstance({
      projectConfigManager: createStaticProjectConfigManager({ datafile }),
      eventProcessor: createForwardingEventProcessor(dispatcher),
    });
    const before = await run('listener-before', { optimizely });
    optimizely.track('purchase', userId);
    expect(before.lines).to.deep.equal(['1 visitors']);
    await optimizely.close();

    const flush = "recordConversion({ userId, eventKey: 'purchase' }); await processor.shutdown();";
    const after = await run('listener-after', {}, code => code + flush);
    expect(after.lines).to.deep.equal(['1 events, because of shutdown']);
  });

  it('looking on: says of each event whether it would count', async () => {
    const { lines } = await run('look-on');
    expect(lines).to.have.length(2);
    expect(lines[0]).to.equal('impression campaign_activated: counts');
    expect(lines[1]).to.match(/^conversion purchase: /);
  });

  it('handing over: each event goes one way, and both ways are gone', async () => {
    const theirs = new Recorder();
    const ours = new Recorder();
    const optimizely = createInstance({
      projectConfigManager: createStaticProjectConfigManager({ datafile }),
      eventProcessor: createForwardingEventProcessor(theirs),
    });
    const processor = new OptimizelySpanProcessor({ datafile, eventDispatcher: ours, logger: silent });
    const users = Array.from({ length: 60 }, (_, index) => `user-${index}`);
    for (const userId of users) {
      await run('hand-over', { userId, user: optimizely.createUserContext(userId, attributes) });
    }
    await processor.shutdown();
    await optimizely.close();
    const visitors = (recorder: Recorder) =>
      recorder.sent.flatMap(batch => batch.visitors.map(visitor => visitor.visitor_id)).sort();
    expect([...visitors(ours), ...visitors(theirs)].sort()).to.deep.equal([...users, ...users].sort());
    expect(new Set(visitors(ours)).size).to.be.within(1, 20);
    expect(visitors(ours).filter(visitor => visitors(theirs).includes(visitor))).to.deep.equal([]);
  });
});
