// SPDX-License-Identifier: Apache-2.0
import type { JetStreamManager } from '@nats-io/jetstream';
import { expect } from 'chai';
import { RecordingLogger } from '../../../test/support/fakes.js';
import { StreamMonitor } from '../src/jetstream/stream-monitor.js';

interface Held {
  readonly first: number;
  readonly last: number;
  readonly deliveredTo: number;
  readonly subjects?: readonly string[];
}

/** A stream that holds the messages from `first` to `last`. */
function managerOf({ first, last, deliveredTo, subjects = ['shop.events'] }: Held): JetStreamManager {
  const state = { messages: last - first + 1, bytes: 10, first_seq: first, last_seq: last };
  const consumer = {
    delivered: { stream_seq: deliveredTo },
    ack_floor: { stream_seq: Math.min(deliveredTo, first - 1) },
    num_ack_pending: 0,
    num_redelivered: 0,
  };
  return {
    streams: { info: async () => ({ state, config: { subjects } }) },
    consumers: { info: async () => consumer },
  } as unknown as JetStreamManager;
}

function makeMonitor() {
  const logger = new RecordingLogger();
  const monitor = new StreamMonitor({ stream: 'shop', consumer: 'gateways', logger });
  const lostAfter = async (held: Held) => {
    await monitor.look(managerOf(held));
    return monitor.figures?.lost;
  };
  return { lostAfter, errors: () => logger.at('error') };
}

describe('messages that leave a stream before any gateway has them', () => {
  it('are counted once, and told each time there are more', async () => {
    const { lostAfter, errors } = makeMonitor();
    expect(await lostAfter({ first: 11, last: 20, deliveredTo: 10 })).to.equal(0);
    expect(await lostAfter({ first: 14, last: 20, deliveredTo: 10 })).to.equal(3);
    expect(await lostAfter({ first: 14, last: 25, deliveredTo: 10 })).to.equal(3);
    expect(await lostAfter({ first: 16, last: 25, deliveredTo: 13 })).to.equal(5);
    expect(errors().map(line => line.split(' messages')[0])).to.deep.equal(['3', '2']);
  });

  it('are all of a stream that is empty and was not', async () => {
    const { lostAfter } = makeMonitor();
    expect(await lostAfter({ first: 21, last: 20, deliveredTo: 10 })).to.equal(10);
  });

  it('are counted in a stream that was made anew, which counts from one', async () => {
    const { lostAfter } = makeMonitor();
    expect(await lostAfter({ first: 501, last: 900, deliveredTo: 400 })).to.equal(100);
    expect(await lostAfter({ first: 1, last: 60, deliveredTo: 20 })).to.equal(100);
    expect(await lostAfter({ first: 31, last: 60, deliveredTo: 20 })).to.equal(110);
  });

  it('are not told from those of another subject of the stream', async () => {
    const { lostAfter, errors } = makeMonitor();
    const subjects = ['shop.events', 'shop.orders'];
    expect(await lostAfter({ first: 14, last: 20, deliveredTo: 10, subjects })).to.equal(0);
    expect(errors()).to.deep.equal([]);
  });
});
