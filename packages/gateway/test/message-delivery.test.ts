// SPDX-License-Identifier: Apache-2.0
import type { JsMsg } from '@nats-io/jetstream';
import { headers } from '@nats-io/transport-node';
import { expect } from 'chai';
import { ManualRuntime } from 'opentelemetry-exporter-optimizely/testing';
import { RecordingLogger } from '../../../test/support/fakes.js';
import { MessageDelivery } from '../src/jetstream/message-delivery.js';
import { MessagesInHand } from '../src/jetstream/messages-in-hand.js';
import type { StreamMessage } from '../src/jetstream/stream-message.js';
import type { BatchReceipt } from '../src/model/receipt.js';
import { batchOf } from './support/relay.js';

const TAKEN: BatchReceipt = { status: 'taken', refused: [], shownOnly: 0 };
const later = (reason: 'no_datafile' | 'draining'): BatchReceipt => ({
  status: 'later',
  reason,
  retryAfterSeconds: 5,
});

/** A message that keeps how it was answered; a second answer fails the test. */
class FakeMessage {
  readonly data: Uint8Array;
  readonly headers = headers();
  readonly time: Date;
  readonly seq: number;
  readonly info: { readonly deliveryCount: number };
  answer: string | undefined;

  constructor(body: string, runtime: ManualRuntime, deliveryCount = 1, seq = 1) {
    this.seq = seq;
    this.data = new TextEncoder().encode(body);
    this.time = new Date(runtime.now());
    this.info = { deliveryCount };
  }

  ack(): void {
    this.#answered('ack');
  }

  nak(millis?: number): void {
    this.#answered(`nak ${millis ?? 0}`);
  }

  #answered(answer: string): void {
    if (this.answer !== undefined) throw new Error(`answered ${this.answer}, and then ${answer}`);
    this.answer = answer;
  }
}

describe('the delivery of a message', () => {
  function makeDelivery(receipts: (BatchReceipt | 'never')[], maxOfOneProject = 10) {
    const runtime = new ManualRuntime();
    const logger = new RecordingLogger();
    const ages: (number | undefined)[] = [];
    const parked: string[] = [];
    const state = { parkingFails: false };
    let receive: (receipt: BatchReceipt) => void = () => {};
    const delivery = new MessageDelivery({
      stream: 'events',
      intake: {
        take(_batch, _sender, origin) {
          ages.push(origin.ageMillis);
          const receipt = receipts.length > 1 ? receipts.shift() : receipts[0];
          return receipt === 'never' || receipt === undefined
            ? new Promise(resolve => {
                receive = resolve;
              })
            : Promise.resolve(receipt);
        },
      },
      parked: {
        async park(_, problem) {
          if (state.parkingFails) throw new Error('no right');
          parked.push(problem);
        },
      },
      countParked: () => {},
      maxOfOneProject: () => maxOfOneProject,
      logger,
      runtime,
    });
    const deliver = (message: FakeMessage) => delivery.deliver(message as unknown as JsMsg);
    let published = 0;
    const make = (project_id = 'project-1', deliveryCount = 1, seq = ++published) =>
      new FakeMessage(batchOf(['u1'], { project_id }), runtime, deliveryCount, seq);
    return {
      receive: (receipt: BatchReceipt) => receive(receipt),
      delivery,
      deliver,
      make,
      runtime,
      logger,
      ages,
      parked,
      state,
    };
  }

  it('has its place among those of its project while it is tried again', async () => {
    const { deliver, make, runtime } = makeDelivery([later('no_datafile'), TAKEN], 1);
    const [message, other] = [make(), make()];
    const delivered = deliver(message);
    await deliver(other);
    expect(other.answer).to.equal('nak 10000');
    await runtime.advance(5_000);
    await delivered;
    expect(message.answer).to.equal('ack');
  });

  it('tries again what cannot be taken now, without giving it back, and its age goes on', async () => {
    const { deliver, make, runtime, ages } = makeDelivery([
      later('no_datafile'),
      later('no_datafile'),
      TAKEN,
    ]);
    const message = make();
    const delivered = deliver(message);
    await runtime.advance(5_000);
    await runtime.advance(5_000);
    await delivered;
    expect(message.answer).to.equal('ack');
    expect(ages).to.deep.equal([0, 5_000, 10_000]);
  });

  it('gives back at once, at its end, what is not delivered', async () => {
    const { delivery, deliver, make } = makeDelivery([later('no_datafile')]);
    const [waiting, next] = [make(), make()];
    const delivered = deliver(waiting);
    delivery.stop();
    await delivered;
    await deliver(next);
    expect([waiting.answer, next.answer]).to.deep.equal(['nak 0', 'nak 0']);
  });

  it('tries again where the project was replaced meanwhile', async () => {
    const { deliver, make, runtime } = makeDelivery([later('draining'), TAKEN]);
    const message = make();
    const delivered = deliver(message);
    await runtime.advance(5_000);
    await delivered;
    expect(message.answer).to.equal('ack');
  });

  it('delivers once what NATS gives out again meanwhile, and answers both', async () => {
    const { deliver, make, ages, receive } = makeDelivery(['never']);
    const [first, again] = [make(), make('project-1', 2, 1)];
    const delivered = [deliver(first), deliver(again)];
    receive(TAKEN);
    await Promise.all(delivered);
    expect([first.answer, again.answer]).to.deep.equal(['ack', 'ack']);
    expect(ages).to.have.lengthOf(1);
    void deliver(make('project-1', 1, 1));
    expect(ages).to.have.lengthOf(2);
  });

  it('takes a message of a stream that was made anew for another one, though it has the place of one in hand', async () => {
    const { deliver, make, ages } = makeDelivery(['never']);
    void deliver(make('project-1'));
    void deliver(make('project-2', 1, 1));
    expect(ages).to.have.lengthOf(2);
  });

  it('gives back what one project has too much of, for longer each time', async () => {
    const { deliver, make } = makeDelivery(['never'], 2);
    void deliver(make());
    void deliver(make());
    const answers: (string | undefined)[] = [];
    for (const deliveryCount of [1, 2, 3, 100]) {
      const message = make('project-1', deliveryCount);
      await deliver(message);
      answers.push(message.answer);
    }
    expect(answers).to.deep.equal(['nak 10000', 'nak 20000', 'nak 40000', 'nak 300000']);
    const other = make('project-2');
    void deliver(other);
    expect(other.answer).to.equal(undefined);
  });

  it('has room for another message of a project with each that is answered', async () => {
    const { deliver, make } = makeDelivery([TAKEN], 1);
    for (let n = 0; n < 3; n++) {
      const message = make();
      await deliver(message);
      expect(message.answer).to.equal('ack');
    }
  });

  it('leaves five hundred messages at once for other gateways, and others once these come again', async () => {
    const { deliver, make, runtime, parked } = makeDelivery([
      { status: 'unknown_project', message: 'not here' },
    ]);
    const answerTo = async (message = make()) => {
      await deliver(message);
      return message.answer;
    };
    for (let n = 0; n < 500; n++) expect(await answerTo()).to.equal('nak 30000');
    expect(await answerTo()).to.equal('ack');
    expect(parked).to.have.length(1);
    await runtime.advance(30_000);
    expect(await answerTo()).to.equal('nak 30000');
    expect(parked).to.have.length(1);
  });

  it('leaves what it does not know for other gateways, twenty times, and then parks it', async () => {
    const { deliver, make, parked, logger } = makeDelivery([
      { status: 'unknown_project', message: 'not here' },
    ]);
    const [first, last] = [make(), make('project-1', 20)];
    await deliver(first);
    await deliver(last);
    expect([first.answer, last.answer]).to.deep.equal(['nak 30000', 'ack']);
    expect(parked).to.deep.equal(['not here']);
    expect(logger.at('error')[0]).to.contain('message 2 of stream events');
  });

  it('keeps in the stream what cannot be parked, and says so once', async () => {
    const { deliver, runtime, state, logger } = makeDelivery([TAKEN]);
    state.parkingFails = true;
    for (let n = 0; n < 2; n++) {
      const message = new FakeMessage('hello', runtime);
      await deliver(message);
      expect(message.answer).to.equal('nak 300000');
    }
    expect(logger.at('error')).to.have.length(1);
  });
});

describe('the messages in hand', () => {
  it('leave the room that they had when they end', () => {
    const hand = new MessagesInHand({
      maxMessages: 10,
      maxBytes: 1_000_000,
      runtime: new ManualRuntime(),
    });
    const message = () =>
      new FakeMessage('x'.repeat(65_536), new ManualRuntime()) as unknown as StreamMessage;
    const before = hand.room;
    for (let n = 0; n < 100; n++) {
      const [one, other] = [message(), message()];
      hand.begin(one);
      hand.begin(other);
      expect(hand.room).to.equal(before - 2);
      hand.end(other);
      hand.end(one);
    }
    expect(hand.room).to.equal(before);
  });
});
