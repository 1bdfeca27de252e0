// SPDX-License-Identifier: Apache-2.0
import { expect } from 'chai';
import { revision, send, startDatafileServer } from '../../../test/support/datafile-server.js';
import { ManualRuntime } from '../../../test/support/manual-runtime.js';
import { EarlyChecks } from '../src/projects/early-checks.js';
import { UnknownKeys } from '../src/projects/unknown-keys.js';
import { closeEngines, conversion, makeEngine, NOW_NANOS, until, userIds } from './support/engine.js';

const SIGNUP = { members: { events: [{ id: '301', key: 'signup', experimentIds: [] }] } };
const LATER = { status: 'later', reason: 'unknown_key' };
const TAKEN = { status: 'taken', refused: [], shownOnly: 0 };

/** A gateway whose datafile is polled every five minutes, and to which `signup` is unknown for good. */
async function makePolling() {
  const server = await startDatafileServer(revision('7'));
  const { urlTemplate } = server;
  const engine = await makeEngine({ project: { source: { kind: 'sdk-key', sdkKey: 'key', urlTemplate } } });
  const { runtime, take, state } = engine;
  const startedAt = runtime.now();
  /** Recorded as long ago; `NOW_NANOS` is a little later than the beginning of the clock. */
  const signup = (agoMillis = 200) =>
    conversion({
      attributes: { 'optimizely.event.key': 'signup' },
      timeUnixNano: NOW_NANOS + BigInt(runtime.now() - startedAt - agoMillis) * 1_000_000n,
    });
  const refusals = async (event = signup()) => {
    const receipt = await take([event]);
    if (receipt.status === 'taken') return receipt.refused.map(({ reason }) => reason);
    return receipt.status === 'later' ? receipt.reason : receipt.status;
  };
  await until(() => state().revision === '7');
  await runtime.advance(1_000);
  expect(await take([signup()])).to.deep.include(LATER);
  await until(() => state().datafileAgeMillis === 0);
  await runtime.advance(1_000);
  expect(await refusals()).to.deep.equal(['unknown_key']);
  return { ...engine, server, signup, refusals, close: () => server.close() };
}

describe('a key that the datafile has not had', () => {
  afterEach(closeEngines);

  it('is refused for half a minute without another look at it, and then looked for again, once for all events', async () => {
    const { runtime, refusals, server, state, close } = await makePolling();
    const looks = server.requests.length;
    await runtime.advance(28_000);
    expect(await refusals()).to.deep.equal(['unknown_key']);
    expect(server.requests).to.have.length(looks);
    await runtime.advance(2_000);
    expect(await Promise.all([refusals(), refusals()])).to.deep.equal(['unknown_key', 'unknown_key']);
    await until(() => state().datafileAgeMillis === 0);
    expect(server.requests).to.have.length(looks + 1);
    await runtime.advance(1_000);
    expect(await refusals()).to.deep.equal(['unknown_key']);
    await close();
  });

  it('is taken once the datafile has it, long before the next poll', async () => {
    const { runtime, take, takeAndFlush, server, signup, state, destination, close } = await makePolling();
    server.follow(revision('8', SIGNUP));
    await runtime.advance(30_000);
    const event = signup();
    expect(await take([event])).to.deep.include(LATER);
    await until(() => state().revision === '8');
    expect(await takeAndFlush([event])).to.deep.equal(TAKEN);
    expect(userIds(destination)).to.have.length(1);
    await close();
  });

  it('is refused at once in an event that is older than the look, or that is yet to come', async () => {
    const { runtime, refusals, server, signup, close } = await makePolling();
    const looks = server.requests.length;
    await runtime.advance(60_000);
    expect(await refusals(signup(62_000))).to.deep.equal(['unknown_key']);
    expect(await refusals(signup(-3_600_000))).to.deep.equal(['unknown_key']);
    expect(server.requests).to.have.length(looks);
    await close();
  });

  it('holds nothing up while the datafile cannot be looked at', async () => {
    const { runtime, refusals, server, take, signup, close } = await makePolling();
    server.follow(send(500, {}));
    await runtime.advance(60_000);
    expect(await take([signup()])).to.deep.include(LATER);
    let outcome: unknown = 'unknown_key';
    while (outcome === 'unknown_key') {
      await new Promise(resolve => setImmediate(resolve));
      outcome = await refusals();
    }
    expect(outcome).to.deep.equal(['unknown_key']);
    expect(server.requests).to.have.length(3);
    await close();
  });
});

describe('keys that are remembered as unknown', () => {
  it('are forgotten by when they came last, and not by when they came first', () => {
    const runtime = new ManualRuntime();
    const keys = new UnknownKeys(runtime, 600_000);
    const verdictOn = (key: string) => keys.verdictOn(key, runtime.now(), runtime.monotonic());
    expect(verdictOn('first')).to.equal('open');
    for (let n = 1; n < 100_000; n++) verdictOn(`${n}`);
    expect(verdictOn('first')).to.equal('unknown');
    verdictOn('one more');
    expect(verdictOn('first')).to.equal('unknown');
    expect(verdictOn('1'), 'it begins anew').to.equal('open');
  });
});

describe('looks at a datafile that are asked for', () => {
  it('fail until one does not, and end with the project', async () => {
    const runtime = new ManualRuntime();
    const answers = [false, true];
    const datafile = {
      getConfig: () => undefined,
      checkNow: async () => answers.shift() ?? false,
      lastCheckBeganAt: undefined,
    };
    const checks = new EarlyChecks(datafile, runtime);
    checks.ask();
    await runtime.advance(0);
    expect(checks.isFailing).to.equal(true);
    checks.ask();
    expect(answers, 'within five seconds').to.have.length(1);
    await runtime.advance(5_000);
    expect(checks.isFailing).to.equal(false);
    checks.ask();
    expect(runtime.armed).to.equal(1);
    checks.stop();
    expect(runtime.armed).to.equal(0);
    checks.ask();
    expect(runtime.armed).to.equal(0);
  });
});
