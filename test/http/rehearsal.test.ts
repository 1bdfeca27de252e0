// SPDX-License-Identifier: Apache-2.0
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { expect } from 'chai';
import * as undici from 'undici';
import { rehearse } from '../../src/http/rehearsal.js';

describe('the rehearsal of a request', () => {
  /** What undici is asked for, and what comes of it. */
  function makeWatched() {
    const seen: string[] = [];
    class Agent extends undici.Agent {
      override dispatch(
        options: undici.Dispatcher.DispatchOptions,
        handler: undici.Dispatcher.DispatchHandler,
      ): boolean {
        seen.push(`${options.method} ${String(options.origin)}`);
        const { onResponseStart, onResponseError } = handler;
        handler.onResponseStart = (...args) => {
          seen.push(`answered ${args[1]}`);
          onResponseStart?.apply(handler, args);
        };
        handler.onResponseError = (...args) => {
          seen.push(`failed: ${args[1].message}`);
          onResponseError?.apply(handler, args);
        };
        return super.dispatch(options, handler);
      }

      // undici's own calls itself, with a callback.
      override destroy(...args: unknown[]): Promise<void> {
        if (args.length === 0) seen.push('destroyed');
        return super.destroy(...(args as []));
      }
    }
    return { seen, undici: { ...undici, Agent } as unknown as typeof undici };
  }

  it('is one that undici carries out to its end, and opens no connection', async () => {
    const before = process.getActiveResourcesInfo();
    const watched = makeWatched();
    const rehearsed = rehearse(watched.undici);
    const during = process.getActiveResourcesInfo();
    await rehearsed;
    expect(watched.seen).to.deep.equal(['POST http://rehearsal.invalid', 'answered 204', 'destroyed']);
    expect(during.filter(kind => /TCP|Connect|GetAddrInfo/.test(kind))).to.deep.equal(
      before.filter(kind => /TCP|Connect|GetAddrInfo/.test(kind)),
    );
  });

  for (const channel of [
    'undici:request:create',
    'undici:client:beforeConnect',
    'undici:client:sendHeaders',
  ]) {
    it(`is left out where ${channel} is listened to, as by an instrumentation`, async () => {
      const watched = makeWatched();
      const heard: unknown[] = [];
      const listener = (message: unknown) => void heard.push(message);
      subscribe(channel, listener);
      try {
        await rehearse(watched.undici);
      } finally {
        unsubscribe(channel, listener);
      }
      expect([watched.seen, heard]).to.deep.equal([[], []]);
    });
  }

  it('fails in silence', async () => {
    class Failing {
      constructor() {
        throw new Error('no agent');
      }
    }
    await rehearse({ ...undici, Agent: Failing } as unknown as typeof undici);
    class Refusing extends undici.Agent {
      override dispatch(): boolean {
        throw new Error('not now');
      }
    }
    await rehearse({ ...undici, Agent: Refusing } as unknown as typeof undici);
  });
});
