// SPDX-License-Identifier: Apache-2.0
import { expect } from 'chai';
import { type Abortable, unlessAborted } from '../src/util/unless-aborted.js';

const WHEN_ABORTED = Symbol.for('opentelemetry-exporter-optimizely.when-aborted.v1');

/** What a dispatcher is given: a signal, or what the exporter has in its place. */
function bySignal() {
  const controller = new AbortController();
  return { options: { signal: controller.signal }, abort: (reason: unknown) => controller.abort(reason) };
}

function byCallback() {
  let listener: ((reason: unknown) => void) | undefined;
  let aborted: { readonly reason: unknown } | undefined;
  const options = {
    get signal(): AbortSignal {
      throw new Error('the signal was made');
    },
    [WHEN_ABORTED](given: (reason: unknown) => void) {
      if (aborted !== undefined) given(aborted.reason);
      listener = given;
      return () => {
        listener = undefined;
      };
    },
  };
  const abort = (reason: unknown) => {
    aborted = { reason };
    listener?.(reason);
  };
  return { options, abort, isListening: () => listener !== undefined };
}

async function outcomeOf(work: Promise<unknown>): Promise<unknown> {
  return work.catch((error: unknown) => `rejected: ${String(error)}`);
}

describe('work that is waited for unless it is to be given up', () => {
  for (const [name, make] of [
    ['a signal', bySignal],
    ['a callback', byCallback],
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
    const { options, isListening } = byCallback();
    let end: () => void = () => {};
    const work = unlessAborted(options as Abortable, new Promise<void>(resolve => (end = resolve)));
    expect(isListening()).to.equal(true);
    end();
    await work;
    await Promise.resolve();
    expect(isListening()).to.equal(false);
  });

  it('needs neither', async () => {
    expect(await unlessAborted(undefined, Promise.resolve(7))).to.equal(7);
    expect(await unlessAborted({}, Promise.resolve(7))).to.equal(7);
  });
});
