// SPDX-License-Identifier: Apache-2.0
import { expect } from 'chai';
import { Throttled } from '../../src/page/state/throttle.js';

/** Work that ends when it is told to. */
function makeWork() {
  const ends: (() => void)[] = [];
  const begun: (() => void)[] = [];
  let count = 0;
  return {
    run: () =>
      new Promise<void>(resolve => {
        count++;
        ends.push(resolve);
        for (const tell of begun.splice(0)) tell();
      }),
    end: () => ends.shift()?.(),
    get count() {
      return count;
    },
    /** Waits for the next time that it begins. */
    begins: () => new Promise<void>(resolve => begun.push(resolve)),
  };
}

describe('inspect: what the page asks for again and again', () => {
  it('is asked for once at a time, and once afterwards for all that came meanwhile', async () => {
    const work = makeWork();
    const throttled = new Throttled(1, work.run);
    for (let times = 0; times < 5; times++) throttled.ask();
    expect(work.count).to.equal(1);
    const second = work.begins();
    work.end();
    await second;
    expect(work.count).to.equal(2);
  });

  it('is asked for without a rest if the reader is waiting for it', async () => {
    const work = makeWork();
    const throttled = new Throttled(1_000_000, work.run);
    throttled.ask();
    const second = work.begins();
    work.end();
    throttled.hurry();
    await second;
    const third = work.begins();
    throttled.hurry();
    work.end();
    await third;
    expect(work.count).to.equal(3);
    throttled.hurry();
  });

  it('goes on after it has failed', async () => {
    let count = 0;
    await new Promise<void>(resolve => {
      const throttled = new Throttled(1, async () => {
        count++;
        if (count === 2) resolve();
        throw new Error('the server is away');
      });
      throttled.ask();
      throttled.ask();
    });
    expect(count).to.equal(2);
  });
});
