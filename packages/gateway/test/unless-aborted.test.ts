// SPDX-License-Identifier: Apache-2.0
import { expect } from 'chai';
import { type LogEvent, OptimizelySpanProcessor } from 'opentelemetry-exporter-optimizely';
import { ManualRuntime } from 'opentelemetry-exporter-optimizely/testing';
import { type Abortable, unlessAborted } from '../src/util/unless-aborted.js';

const ABORT_SOURCE = Symbol.for('opentelemetry-exporter-optimizely.abort-source.v2');

/** What a dispatcher is given: a signal, or what the exporter has in its place. */
function bySignal() {
  const controller = new AbortController();
  return { options: { signal: controller.signal }, abort: (reason: unknown) => controller.abort(reason) };
}

type Listener = { aborted(reason: unknown): void };

function byAbortSource() {
  let listener: Listener | undefined;
  let aborted: { readonly reason: unknown } | undefined;
  const options = {
    get signal(): AbortSignal {
      throw new Error('the signal was made');
    },
    [ABORT_SOURCE]: {
      listen(given: Listener) {
        if (aborted !== undefined) given.aborted(aborted.reason);
        listener = given;
      },
      unlisten() {
        listener = undefined;
      },
    },
  };
  const abort = (reason: unknown) => {
    aborted = { reason };
    listener?.aborted(reason);
  };
  return { options, abort, isListening: () => listener !== undefined };
}

async function outcomeOf(work: Promise<unknown>): Promise<unknown> {
  return work.catch((error: unknown) => `rejected: ${String(error)}`);
}

describe('work that is waited for unless it is to be given up', () => {
  for (const [name, make] of [
    ['a signal', bySignal],
    ['an abort source', byAbortSource],
  ] as const) {
    it(`gives what it gives, or is given up by ${name} before or while it goes on`, async () => {
      const quiet = make();
      expect(await unlessAborted(quiet.options as Abortable, Promise.resolve(7))).to.equal(7);
      const failed = unlessAborted(quiet.options as Abortable, Promise.reject(new Error('no')));
      expect(await outcomeOf(failed)).to.equal('rejected: Error: no');
      const { options, abort } = make();
      const waiting = unlessAborted(options as Abortable, new Promise(() => {}));
      abort('over');
      expect(await outcomeOf(waiting)).to.equal('rejected: over');
      expect(await outcomeOf(unlessAborted(options as Abortable, Promise.resolve(7)))).to.equal(
        'rejected: over',
      );
    });
  }

  it('listens no longer than it goes on', async () => {
    const { options, isListening } = byAbortSource();
    let end: () => void = () => {};
    const work = unlessAborted(options as Abortable, new Promise<void>(resolve => (end = resolve)));
    expect(isListening()).to.equal(true);
    end();
    await work;
    await Promise.resolve();
    expect(isListening()).to.equal(false);
  });

  it('makes no signal of what the exporter passes, and hears all the same that the request is given up', async () => {
    const runtime = new ManualRuntime();
    const given: Promise<unknown>[] = [];
    const dispatchEvent = (_: LogEvent, options?: Abortable) => {
      const withoutSignal = new Proxy(options ?? {}, {
        get(target, name) {
          if (name === 'signal') throw new Error('the signal was made');
          return Reflect.get(target, name);
        },
      });
      const dispatched = unlessAborted(withoutSignal, new Promise<undefined>(() => {}));
      given.push(outcomeOf(dispatched));
      return dispatched;
    };
    const processor = new OptimizelySpanProcessor({
      datafile: { version: '4', accountId: '1', projectId: '2', revision: '3' },
      eventDispatcher: { dispatchEvent },
      batchSize: 1,
      requestTimeoutMillis: 1_000,
      install: false,
      logger: { error() {}, warn() {}, info() {}, debug() {} },
      runtime,
    });
    processor.recordImpression({ userId: 'ada', experimentId: '4', variationId: '5' });
    await runtime.advance(1_000);
    expect(String(await given[0])).to.match(/^rejected: TimeoutError/);
    void processor.shutdown();
    await runtime.advance(10_000);
  });

  it('needs neither', async () => {
    expect(await unlessAborted(undefined, Promise.resolve(7))).to.equal(7);
    expect(await unlessAborted({}, Promise.resolve(7))).to.equal(7);
  });
});
