// SPDX-License-Identifier: Apache-2.0
import { expect } from 'chai';
import { RecordingLogger } from '../../../test/support/fakes.js';
import { ManualRuntime } from '../../../test/support/manual-runtime.js';
import { LinkLog } from '../src/jetstream/link-log.js';
import { MessagesInHand } from '../src/jetstream/messages-in-hand.js';
import type { StreamMessage } from '../src/jetstream/stream-message.js';
import { Pause } from '../src/util/pause.js';

describe('messages that are in hand', () => {
  function makeHand(limits = { maxMessages: 10, maxBytes: 1_000 }) {
    const runtime = new ManualRuntime();
    const hand = new MessagesInHand({ ...limits, runtime });
    hand.extendWithin(30_000);
    let extended = 0;
    const make = (byteLength = 10) =>
      ({ data: new Uint8Array(byteLength), working: () => void extended++ }) as unknown as StreamMessage;
    /** How often a message was extended meanwhile. */
    const extendedIn = async (millis: number) => {
      const before = extended;
      await runtime.advance(millis);
      return extended - before;
    };
    return { hand, runtime, make, extendedIn };
  }

  it('are extended three times in what NATS waits, also those that come when there was none', async () => {
    const { hand, runtime, make, extendedIn } = makeHand();
    const first = make();
    hand.begin(first);
    expect(await extendedIn(9_999)).to.equal(0);
    expect(await extendedIn(20_001)).to.equal(3);
    hand.end(first);
    expect(runtime.armed).to.equal(0);
    expect(await extendedIn(30_000)).to.equal(0);
    hand.begin(make());
    hand.begin(make());
    expect(await extendedIn(30_000)).to.equal(6);
  });

  it('leave room by number and bytes, and one that is larger than all has its turn', () => {
    const { hand, make } = makeHand();
    expect(hand.room, 'before the first is known').to.equal(1);
    const large = make(100_000);
    hand.begin(large);
    expect(hand.room).to.be.at.most(0);
    hand.end(large);
    expect(hand.room).to.equal(1);
    const small = Array.from({ length: 300 }, () => make(10));
    for (const message of small) hand.begin(message);
    expect(hand.room).to.be.at.most(0);
    for (const message of small) hand.end(message);
    expect(hand.room).to.equal(10);
    hand.begin(make(10));
    expect(hand.room).to.equal(9);
  });
});

describe('the log of links that fail', () => {
  it('says that NATS can be used again once that is so for each of them', () => {
    const logger = new RecordingLogger();
    const log = new LinkLog(logger);
    const [one, other] = [{}, {}];
    for (const link of [one, other, one]) log.failed(link, 'away');
    log.worked(one, 'back');
    expect(logger.at('info')).to.deep.equal([]);
    log.worked(other, 'back');
    log.worked(other, 'back');
    expect(logger.at('info')).to.deep.equal(['back']);
    expect(logger.at('error')).to.deep.equal(['away']);
    log.failed(one, 'away');
    expect(logger.at('error')).to.deep.equal(['away', 'away']);
  });
});

describe('the pauses between attempts', () => {
  it('double up to ten seconds, are shorter by up to a half at random, and begin anew after a success', async () => {
    const runtime = new ManualRuntime();
    const pause = new Pause(runtime);
    const lasts = async () => {
      const startedAt = runtime.monotonic();
      let isOver = false;
      void pause.begin().then(() => {
        isOver = true;
      });
      while (!isOver) await runtime.advance(25);
      return runtime.monotonic() - startedAt;
    };
    runtime.randomValue = 1;
    const lengths: number[] = [];
    for (let n = 0; n < 8; n++) lengths.push(await lasts());
    expect(lengths).to.deep.equal([250, 500, 1_000, 2_000, 4_000, 8_000, 10_000, 10_000]);
    pause.reset();
    runtime.randomValue = 0;
    expect(await lasts()).to.equal(125);
    const ended = pause.begin();
    pause.end();
    await ended;
    expect(runtime.armed).to.equal(0);
  });
});
