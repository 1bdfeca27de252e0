import { expect } from 'chai';
import { whenIdle } from '../../src/http/when-idle.js';
import { ManualRuntime } from '../support/manual-runtime.js';

/** An event loop that is active for a share of the time, on the manual clock. */
function makeLoop() {
  const runtime = new ManualRuntime();
  let active = 0;
  let idle = 0;
  let done = 0;
  const advance = async (millis: number, share: number) => {
    active += millis * share;
    idle += millis * (1 - share);
    await runtime.advance(millis);
  };
  const undo = whenIdle(
    runtime,
    () => done++,
    () => ({ active, idle }),
  );
  return { advance, undo, done: () => done, runtime };
}

describe('work for when the process is idle', () => {
  it('is done once, a quarter of a second later', async () => {
    const { advance, done } = makeLoop();
    await advance(249, 0.1);
    expect(done()).to.equal(0);
    await advance(1, 0.1);
    expect(done()).to.equal(1);
    await advance(60_000, 0);
    expect(done()).to.equal(1);
  });

  it('waits while the process is busy', async () => {
    const { advance, done } = makeLoop();
    for (let n = 0; n < 20; n++) await advance(250, 0.9);
    expect(done()).to.equal(0);
    await advance(250, 0.4);
    expect(done(), 'only the latest quarter of a second counts').to.equal(1);
  });

  it('is left for when it is needed, where the process stays busy for ten seconds', async () => {
    const { advance, done } = makeLoop();
    for (let n = 0; n < 40; n++) await advance(250, 0.9);
    for (let n = 0; n < 40; n++) await advance(250, 0);
    expect(done()).to.equal(0);
  });

  it('is not done where it is undone before', async () => {
    const { advance, undo, done } = makeLoop();
    await advance(250, 0.9);
    undo();
    await advance(10_000, 0);
    expect(done()).to.equal(0);
  });
});
