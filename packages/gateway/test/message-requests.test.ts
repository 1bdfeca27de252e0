// SPDX-License-Identifier: Apache-2.0
import { expect } from 'chai';
import { ManualRuntime } from 'opentelemetry-exporter-optimizely/testing';
import { MessageRequests } from '../src/jetstream/message-requests.js';
import type { StreamMessage } from '../src/jetstream/stream-message.js';

/** A request whose messages, end and failure come when the test says so. */
class FakeRequest {
  readonly #events: ({ readonly message: StreamMessage } | { readonly error: Error } | 'end')[] = [];
  #wake: () => void = () => {};

  give(seq: number): void {
    this.#add({ message: { seq } as StreamMessage });
  }

  fail(error: Error): void {
    this.#add({ error });
  }

  stop(): void {
    this.#add('end');
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<StreamMessage, void, undefined> {
    for (;;) {
      const event = this.#events.shift();
      if (event === 'end') return;
      if (event === undefined) {
        await new Promise<void>(resolve => {
          this.#wake = resolve;
        });
      } else if ('error' in event) throw event.error;
      else yield event.message;
    }
  }

  #add(event: { readonly message: StreamMessage } | { readonly error: Error } | 'end'): void {
    this.#events.push(event);
    this.#wake();
  }
}

describe('requests for messages', () => {
  function makeRequests() {
    const runtime = new ManualRuntime();
    const begun: number[] = [];
    const requests = new MessageRequests(({ seq }) => begun.push(seq), runtime);
    const take = (request: FakeRequest) => {
      let state: unknown = 'open';
      void requests.take(request, 10_000).then(
        isHeard => (state = isHeard ? 'over' : 'unheard'),
        (error: unknown) => (state = error),
      );
      return () => state;
    };
    return { runtime, requests, begun, take };
  }

  it('are over when NATS says so', async () => {
    const { runtime, begun, take } = makeRequests();
    const request = new FakeRequest();
    const state = take(request);
    request.give(1);
    request.give(2);
    await runtime.advance(9_000);
    expect(state()).to.equal('open');
    request.stop();
    await runtime.advance(0);
    expect(state()).to.equal('over');
    expect(begun).to.deep.equal([1, 2]);
  });

  it('fail as NATS says', async () => {
    const { runtime, take } = makeRequests();
    const request = new FakeRequest();
    const state = take(request);
    const error = new Error('no such consumer');
    request.fail(error);
    await runtime.advance(0);
    expect(state()).to.equal(error);
  });

  it('make room for the next once they are overdue, and what they still bring is taken', async () => {
    const { runtime, begun, take } = makeRequests();
    const [silent, next] = [new FakeRequest(), new FakeRequest()];
    const state = take(silent);
    silent.give(1);
    await runtime.advance(10_000);
    expect(state()).to.equal('open');
    await runtime.advance(1_000);
    expect(state()).to.equal('over');
    const following = take(next);
    next.give(2);
    silent.give(3);
    await runtime.advance(0);
    expect(begun).to.have.members([1, 2, 3]);
    silent.fail(new Error('heartbeats missed'));
    await runtime.advance(0);
    expect(following()).to.equal('open');
  });

  it('say nothing of a server that is silent', async () => {
    const { runtime, take } = makeRequests();
    const state = take(new FakeRequest());
    await runtime.advance(11_000);
    expect(state()).to.equal('unheard');
  });

  it('end together, those that are overdue with them', async () => {
    const { runtime, requests, take } = makeRequests();
    take(new FakeRequest());
    await runtime.advance(11_000);
    const state = take(new FakeRequest());
    requests.stop();
    await requests.ended();
    await runtime.advance(0);
    expect(state()).to.equal('over');
  });
});
