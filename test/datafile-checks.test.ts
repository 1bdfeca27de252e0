// SPDX-License-Identifier: Apache-2.0
import { expect } from 'chai';
import { PollingProjectConfigManager } from 'opentelemetry-exporter-optimizely';
import { held, revision, send, startDatafileServer } from './support/datafile-server.js';
import { RecordingLogger } from './support/fakes.js';
import { type Behavior, hangUp } from './support/hostile-server.js';
import { ManualRuntime } from './support/manual-runtime.js';

const opened: (() => unknown)[] = [];

async function makePolling(...script: Behavior[]) {
  const server = await startDatafileServer(...script);
  const runtime = new ManualRuntime();
  const manager = new PollingProjectConfigManager({
    sdkKey: 'key',
    urlTemplate: server.urlTemplate,
    logger: new RecordingLogger(),
    runtime,
  });
  opened.push(
    () => manager.stop(),
    () => server.close(),
  );
  return { server, runtime, manager, inForce: () => manager.getConfig()?.context.revision };
}

describe('PollingProjectConfigManager.checkNow', () => {
  afterEach(async () => {
    for (const close of opened.splice(0)) await close();
  });

  it('brings a newer datafile into force before the interval is over, and says so', async () => {
    const { manager, server, inForce } = await makePolling(revision('1'));
    await manager.onReady();
    server.follow(revision('2'));
    expect(await manager.checkNow()).to.equal(true);
    expect(inForce()).to.equal('2');
  });

  it('counts an unchanged datafile as checked', async () => {
    const { manager } = await makePolling(revision('1', { etag: 'a' }));
    await manager.onReady();
    expect(await manager.checkNow()).to.equal(true);
  });

  it('begins after the call: a request that is under way is followed by another one, which all callers share', async () => {
    const { behavior, release } = held(revision('1'));
    const { manager, server, inForce } = await makePolling(behavior, revision('2'));
    const checks = [manager.checkNow(), manager.checkNow()];
    release();
    expect(await Promise.all(checks)).to.deep.equal([true, true]);
    expect(inForce()).to.equal('2');
    expect(server.requests).to.have.length(2);
  });

  for (const [name, behavior] of [
    ['an error', send(500, {})],
    ['a connection that ends', hangUp],
    ['a datafile that cannot be used', send(200, {}, '{"version":"99"}')],
  ] as const) {
    it(`resolves to false after ${name}, keeps the datafile in force, and goes on polling`, async () => {
      const { manager, server, runtime, inForce } = await makePolling(revision('1'));
      await manager.onReady();
      const { lastCheckBeganAt } = manager;
      server.follow(behavior);
      await runtime.advance(10);
      expect(await manager.checkNow()).to.equal(false);
      expect(inForce()).to.equal('1');
      expect(manager.lastCheckBeganAt).to.equal(lastCheckBeganAt);
      expect(runtime.armed, 'the timer of the next poll alone').to.equal(1);
      server.follow(revision('2'));
      expect(await manager.checkNow()).to.equal(true);
      expect(inForce()).to.equal('2');
    });
  }

  it('asks nothing while the server has asked for a pause', async () => {
    const { manager, server, runtime } = await makePolling(revision('1'));
    await manager.onReady();
    server.follow(send(503, { 'Retry-After': '60' }));
    expect(await manager.checkNow()).to.equal(false);
    server.follow(revision('2'));
    const before = server.requests.length;
    expect(await manager.checkNow()).to.equal(false);
    expect(server.requests).to.have.length(before);
    // The poll after the pause is out at once; this one follows it.
    await runtime.advance(60_000);
    expect(await manager.checkNow()).to.equal(true);
  });

  it('asks nothing where the request that was under way has been told to pause', async () => {
    const { behavior, release } = held(send(503, { 'Retry-After': '60' }));
    const { manager, server, runtime, inForce } = await makePolling(behavior, revision('2'));
    await server.received(1);
    const checks = [manager.checkNow(), manager.checkNow()];
    release();
    expect(await Promise.all(checks)).to.deep.equal([false, false]);
    expect(server.requests).to.have.length(1);
    await runtime.advance(60_000);
    await manager.onReady();
    expect(inForce()).to.equal('2');
  });

  it('says when the latest good check began, and not when it ended', async () => {
    const { manager, server, runtime } = await makePolling(revision('1'));
    const startedAt = runtime.monotonic();
    expect(manager.lastCheckBeganAt).to.equal(undefined);
    await manager.onReady();
    await runtime.advance(1);
    expect(manager.lastCheckBeganAt).to.equal(startedAt);
    const { behavior, release } = held(revision('2'));
    server.follow(behavior);
    const beganAt = runtime.monotonic();
    const check = manager.checkNow();
    await runtime.advance(500);
    release();
    await check;
    expect(manager.lastCheckBeganAt).to.equal(beganAt);
  });

  it('has one timer for the next poll, a whole interval after the check', async () => {
    const { manager, server, runtime } = await makePolling(revision('1'));
    await manager.onReady();
    await runtime.advance(200_000);
    await manager.checkNow();
    const before = server.requests.length;
    await runtime.advance(200_000);
    expect(server.requests).to.have.length(before);
    expect(runtime.armed).to.equal(1);
  });

  it('asks nothing after stop', async () => {
    const { manager, server } = await makePolling(revision('1'));
    await manager.onReady();
    await manager.stop();
    expect(await manager.checkNow()).to.equal(false);
    expect(server.requests).to.have.length(1);
  });

  it('ends with a stop during the check', async () => {
    const { behavior, closed } = held(revision('2'));
    const { manager, server } = await makePolling(revision('1'));
    await manager.onReady();
    server.follow(behavior);
    const check = manager.checkNow();
    await server.received(2);
    await manager.stop();
    expect(await check).to.equal(false);
    await closed;
  });
});
