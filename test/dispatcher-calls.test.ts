// SPDX-License-Identifier: Apache-2.0
import { runInThisContext } from 'node:vm';
import { expect } from 'chai';
import {
  type AnyEventDispatcher,
  BatchEventProcessor,
  type BatchEventProcessorOptions,
} from 'opentelemetry-exporter-optimizely';
import { ABORT_SOURCE, type AbortSource, type DispatchOptions } from '../src/model/event-dispatcher.js';
import { makeUserEvent, RecordingLogger } from './support/fakes.js';
import { ManualRuntime, settle } from './support/manual-runtime.js';

type Dispatch = AnyEventDispatcher['dispatchEvent'];

function makeHarness(dispatchEvent: Dispatch, options: Partial<BatchEventProcessorOptions> = {}) {
  const runtime = new ManualRuntime();
  // Rests as long as they may be.
  runtime.randomValue = 0.999_999;
  const logger = new RecordingLogger();
  const processor = new BatchEventProcessor({
    eventDispatcher: { dispatchEvent },
    logger,
    runtime,
    batchSize: 1,
    maxBatchSize: 1,
    startOnInit: true,
    ...options,
  });
  const record = () => processor.process(makeUserEvent({ acceptedAt: runtime.monotonic() }));
  return { processor, runtime, logger, record };
}

/** Calls back so many frames away from the end of the stack. */
function answerFromTheEnd(
  callbacks: ((answer: { statusCode: number }) => void)[],
  statusCode: number,
  frames: number,
): void {
  let left = frames;
  const descend = (): void => {
    try {
      descend();
    } catch (error) {
      if (left-- > 0) throw error;
      try {
        callbacks.pop()?.({ statusCode });
      } catch {
        // The application's own affair: its next frame tries the next one.
      }
      if (callbacks.length > 0) throw error;
    }
  };
  descend();
}

describe('a request that a dispatcher makes', () => {
  const rejections: unknown[] = [];
  const onRejection = (error: unknown) => void rejections.push(error);
  beforeEach(() => {
    rejections.length = 0;
    process.on('unhandledRejection', onRejection);
  });
  afterEach(() => {
    process.off('unhandledRejection', onRejection);
  });

  it('has one answer, the first: what the dispatcher calls back later changes nothing', async () => {
    let calls = 0;
    const { processor, runtime, record } = makeHarness((_event, callback) => {
      calls++;
      callback({ statusCode: 204 });
      callback({ statusCode: 503 });
      callback({ statusCode: 400 });
    });
    record();
    await runtime.advance(60_000);
    expect(calls).to.equal(1);
    expect(processor.ledger()).to.deep.include({ delivered: 1, pending: 0, dropped: {} });
  });

  const behind: Record<string, () => unknown> = {
    'it throws': () => {
      throw new Error('broken');
    },
    'it returns true': () => true,
    'it returns a status': () => 204,
    'it returns a promise that rejects': () => Promise.reject(new Error('broken')),
    'it returns a promise of a status': async () => ({ statusCode: 204 }),
    'it returns what cannot be read': () => {
      const get = () => {
        throw new Error('broken');
      };
      return new Proxy({}, { get });
    },
  };
  for (const [what, go] of Object.entries(behind)) {
    it(`has the answer that its dispatcher calls back with, though ${what} behind it`, async () => {
      let statusCode = 503;
      let calls = 0;
      const { processor, runtime, record } = makeHarness(
        (_event, callback) => {
          calls++;
          callback({ statusCode });
          return go() as never;
        },
        { retry: { initialDelayMillis: 1_000, maxDelayMillis: 1_000 } },
      );
      record();
      await settle();
      expect(processor.ledger()).to.deep.include({ delivered: 0, pending: 1 });
      statusCode = 204;
      await runtime.advance(60_000);
      expect(calls).to.equal(2);
      expect(processor.ledger()).to.deep.include({ delivered: 1, pending: 0, dropped: {} });
      expect(rejections, 'unhandled, each would end the process').to.deep.equal([]);
    });
  }

  for (const end of ['is fulfilled', 'rejects']) {
    it(`has the answer that its dispatcher calls back with, though its own promise ${end} before that is there`, async () => {
      let answer = (_answer: { statusCode: number }) => {};
      const { processor, record } = makeHarness(async (_event, callback) => {
        await undefined;
        (callback as (answer: unknown) => void)(new Promise(resolve => (answer = resolve)));
        if (end === 'rejects') throw new Error('broken');
        return undefined as never;
      });
      record();
      await settle();
      expect(processor.ledger()).to.deep.include({ delivered: 0, pending: 1 });
      answer({ statusCode: 400 });
      await settle();
      expect(processor.ledger()).to.deep.include({ delivered: 0, pending: 0, dropped: { rejected: 1 } });
      expect(rejections).to.deep.equal([]);
    });
  }

  it('has been answered at its deadline: an answer that comes too late is not one', async () => {
    const answers: ((answer: { statusCode: number }) => void)[] = [];
    const { processor, runtime, record } = makeHarness(() => new Promise(resolve => answers.push(resolve)), {
      requestTimeoutMillis: 1_000,
    });
    record();
    await runtime.advance(1_000);
    answers[0]?.({ statusCode: 204 });
    await settle();
    expect(processor.ledger()).to.deep.include({ delivered: 0, pending: 1 });
    await runtime.advance(500);
    expect(answers, 'tried again').to.have.length(2);
    answers[1]?.({ statusCode: 204 });
    await settle();
    expect(processor.ledger()).to.deep.include({ delivered: 1, pending: 0 });
  });

  for (const statusCode of [204, 503, 400]) {
    it(`is answered with ${statusCode} at the end of the application's stack, and holds up no other`, async () => {
      for (let room = 0; room < 60; room++) {
        const callbacks: ((answer: { statusCode: number }) => void)[] = [];
        let isHealthy = false;
        const { processor, runtime, record } = makeHarness(
          (_event, callback) => {
            if (isHealthy) callback({ statusCode: 204 });
            else callbacks.push(callback);
          },
          { batchSize: 2, maxBatchSize: 2, retry: { initialDelayMillis: 100, maxDelayMillis: 100 } },
        );
        for (let n = 0; n < 20; n++) record();
        await settle();
        answerFromTheEnd(callbacks.splice(0), statusCode, room);
        await settle();
        isHealthy = true;
        for (const callback of callbacks) callback({ statusCode: 204 });
        await runtime.advance(60_000);
        const { pending, delivered, dropped } = processor.ledger();
        expect({ pending, ended: delivered + (dropped.rejected ?? 0) }, `${room} frames away`).to.deep.equal({
          pending: 0,
          ended: 20,
        });
      }
    });
  }

  it('has a deadline of its own, whichever began or was answered before', async () => {
    const ended: string[] = [];
    const answers: ((answer: { statusCode: number }) => void)[] = [];
    const { runtime, record } = makeHarness(
      (_event, { signal }) => {
        const name = `request ${answers.length}`;
        signal.addEventListener('abort', () => ended.push(`${name} at ${runtime.monotonic() - startedAt}`));
        return new Promise(resolve => answers.push(resolve));
      },
      { requestTimeoutMillis: 1_000, retry: { initialDelayMillis: 1_000_000, maxDelayMillis: 1_000_000 } },
    );
    const startedAt = runtime.monotonic();
    const armedBefore = runtime.armed;
    for (let n = 0; n < 3; n++) {
      record();
      await runtime.advance(300);
    }
    answers[0]?.({ statusCode: 204 });
    await runtime.advance(399);
    expect(ended).to.deep.equal([]);
    await runtime.advance(1);
    expect(ended).to.deep.equal(['request 1 at 1300']);
    await runtime.advance(300);
    expect(ended).to.deep.equal(['request 1 at 1300', 'request 2 at 1600']);
    expect(answers, 'the destination rests').to.have.length(3);
    expect(runtime.armed - armedBefore, 'the rest alone').to.equal(1);
  });

  it('leaves no timer behind once it is answered', async () => {
    const answers: ((answer: { statusCode: number }) => void)[] = [];
    const { runtime, record, processor } = makeHarness(() => new Promise(resolve => answers.push(resolve)));
    const armedBefore = runtime.armed;
    record();
    record();
    await settle();
    expect(runtime.armed - armedBefore, 'one for both').to.equal(1);
    for (const answer of answers) answer({ statusCode: 204 });
    await settle();
    expect(processor.ledger()).to.deep.include({ delivered: 2, pending: 0 });
    expect(runtime.armed).to.equal(armedBefore);
  });

  it('says by its signal what ended it, also to those who look only then', async () => {
    const given: DispatchOptions[] = [];
    const { runtime, record } = makeHarness(
      (_event, options: DispatchOptions) => {
        given.push(options);
        return new Promise(() => {});
      },
      { requestTimeoutMillis: 1_000 },
    );
    record();
    await runtime.advance(1_000);
    const [options] = given;
    const signal = options?.signal;
    expect(signal).to.be.instanceOf(AbortSignal);
    expect(options?.signal, 'one signal a request').to.equal(signal);
    expect(signal?.aborted).to.equal(true);
    expect(signal?.reason).to.include({ name: 'TimeoutError', message: 'no answer within 1000 ms' });
  });

  it('keeps one signal from before it ends until after', async () => {
    const given: DispatchOptions[] = [];
    const { runtime, record } = makeHarness(
      (_event, options: DispatchOptions) => {
        given.push(options);
        return new Promise(() => {});
      },
      { requestTimeoutMillis: 1_000 },
    );
    record();
    await settle();
    const signal = given[0]?.signal;
    expect(signal?.aborted).to.equal(false);
    await runtime.advance(1_000);
    expect(given[0]?.signal).to.equal(signal);
    expect(signal?.aborted).to.equal(true);
  });

  it('gives its signal to copies of what the dispatcher is given', async () => {
    let copy: { signal?: AbortSignal | undefined } | undefined;
    const { record } = makeHarness((_event, options: DispatchOptions) => {
      copy = { ...options };
      return new Promise(() => {});
    });
    record();
    await settle();
    expect(copy?.signal).to.be.instanceOf(AbortSignal);
  });

  const sourceOf = (options: unknown) => (options as { [ABORT_SOURCE]: AbortSource })[ABORT_SOURCE];

  it('tells our own dispatcher without a signal: its listener once, or at once where it asks late', async () => {
    const given: AbortSource[] = [];
    const told: string[] = [];
    const listener = (name: string) => ({
      aborted: (reason: unknown) => told.push(`${name}: ${(reason as Error).name}`),
    });
    const { runtime, record } = makeHarness(
      (_event, options: DispatchOptions) => {
        given.push(sourceOf(options));
        return new Promise(() => {});
      },
      { requestTimeoutMillis: 1_000, maxConcurrentRequests: 1, retry: { initialDelayMillis: 100_000 } },
    );
    record();
    await settle();
    const [source] = given;
    source?.listen(listener('replaced'));
    source?.listen(listener('listening'));
    expect(told).to.deep.equal([]);
    await runtime.advance(1_000);
    expect(told).to.deep.equal(['listening: TimeoutError']);
    source?.listen(listener('late'));
    expect(told).to.deep.equal(['listening: TimeoutError', 'late: TimeoutError']);
  });

  it('keeps no listener that was taken back', async () => {
    const told: unknown[] = [];
    const { runtime, record } = makeHarness(
      (_event, options: DispatchOptions) => {
        const source = sourceOf(options);
        source.listen({ aborted: reason => told.push(reason) });
        source.unlisten();
        return new Promise(() => {});
      },
      { requestTimeoutMillis: 1_000 },
    );
    record();
    await runtime.advance(1_000);
    expect(told).to.deep.equal([]);
  });
});

describe('a dispatcher that returns nothing', () => {
  const sources: [string, string, 'waited for' | 'delivered'][] = [
    ['takes a callback', '(event, callback) => {}', 'waited for'],
    ['takes a callback, as a function', 'function (event, callback) {}', 'waited for'],
    ['takes a callback, asks it nothing', 'function named(e, cb) { return; }', 'waited for'],
    ['takes a callback with a default', '(event, callback = () => {}) => {}', 'waited for'],
    [
      'takes a callback with a default of several parameters',
      '(event, callback = (a, b, c) => {}) => {}',
      'waited for',
    ],
    ['takes a callback after a default', '(event = f(1, 2), callback) => {}', 'waited for'],
    ['takes a callback after a text', `(event = ",)", callback) => {}`, 'waited for'],
    ['takes a callback after a text with a quote', `(event = "\\",)", callback) => {}`, 'waited for'],
    ['takes a callback after a text in quotes', `(event = ',(', callback) => {}`, 'waited for'],
    ['takes a callback after a template', '(event = `,{`, callback) => {}', 'waited for'],
    ['takes a callback after a list', '(event = [1, 2], callback) => {}', 'waited for'],
    ['takes a callback after an object', '({ url, body }, callback) => {}', 'waited for'],
    ['takes a callback and more', '(event, callback, more) => {}', 'waited for'],
    ['takes a callback after a comment', '(event /* , (signal */, callback) => {}', 'waited for'],
    ['takes a callback after a line comment', '(event, // one, {two\n callback) => {}', 'waited for'],
    ['takes a callback, and reads another signal', '(event, cb) => { event.signal; }', 'waited for'],
    [
      'takes a callback, and a signal of its own',
      '(event, cb) => { let x = { cb: { signal: 1 } }; }',
      'waited for',
    ],
    [
      'takes a callback whose name ends another',
      '(event, cb) => { const acb = {}; acb.signal; }',
      'waited for',
    ],
    [
      'takes a callback whose name begins another',
      '(event, cb) => { const cbs = {}; cbs.signal; }',
      'waited for',
    ],
    ['takes a callback, and reads its signals', '(event, cb) => { cb.signals; }', 'waited for'],
    ['reads its arguments', 'function (event) { const callback = arguments[1]; }', 'waited for'],
    ['reads another argument', 'function (event) { const first = arguments[10]; }', 'delivered'],
    ['takes one parameter', '(event) => {}', 'delivered'],
    ['takes one parameter, bare', 'event => (a, b) => {}', 'delivered'],
    ['takes none', '() => {}', 'delivered'],
    ['takes none, and calls with two', '() => { void [(a, b) => {}]; }', 'delivered'],
    ['takes options apart', '(event, { signal }) => {}', 'delivered'],
    ['takes options with a default', '(event, options = {}) => {}', 'delivered'],
    ['takes options with a list as default', '(event, options = [ ]) => {}', 'delivered'],
    ['takes the rest', '(event, ...rest) => {}', 'delivered'],
    ['reads options.signal', '(event, options) => { options.signal; }', 'delivered'],
    ['reads options?.signal', '(event, options) => { options?.signal; }', 'delivered'],
    ['reads options . signal', '(event, options) => { options\n  . signal; }', 'delivered'],
    ['reads $a$.signal', '(event, $a$) => { $a$.signal; }', 'delivered'],
    ['takes its options apart', '(event, o) => { const { signal } = o; }', 'delivered'],
    [
      'takes its options apart with others',
      '(event, o) => { const { a, signal: s = 1, b } = o; }',
      'delivered',
    ],
    ['takes others apart', '(event, cb) => { const { signal } = cbs; var cbs = {}; }', 'waited for'],
  ];
  for (const [name, source, expected] of sources) {
    it(`is ${expected} where it ${name}: ${source.replace(/\s+/g, ' ')}`, async () => {
      const { processor, record } = makeHarness(runInThisContext(`(${source})`) as Dispatch);
      record();
      await settle();
      const outcome = { 'waited for': { delivered: 0, pending: 1 }, delivered: { delivered: 1, pending: 0 } };
      expect(processor.ledger()).to.deep.include(outcome[expected]);
    });
  }

  it('is judged by its number of parameters where its source is hidden: it is bound, or a proxy', async () => {
    function takesTwo(_event: unknown, _callback: unknown): void {}
    function takesOne(_event: unknown): void {}
    for (const [dispatchEvent, pending] of [
      [takesTwo.bind(undefined), 1],
      [new Proxy(takesTwo, {}), 1],
      [takesOne.bind(undefined), 0],
      [new Proxy(takesOne, {}), 0],
    ] as const) {
      const { processor, record } = makeHarness(dispatchEvent as unknown as Dispatch);
      record();
      await settle();
      expect(processor.ledger()).to.deep.include({ pending });
    }
  });
});
