// SPDX-License-Identifier: Apache-2.0
import { expect } from 'chai';
import type { SerializedEvent } from 'opentelemetry-exporter-optimizely';
import type { EventStore } from 'opentelemetry-exporter-optimizely/file-store';
import { makeUserEvent } from '../../../test/support/fakes.js';
import { ManualRuntime } from '../../../test/support/manual-runtime.js';
import { BatchContexts } from '../src/intake/batch-contexts.js';
import { Admission } from '../src/receipt/admission.js';
import { OutstandingEvent } from '../src/receipt/outstanding-event.js';
import { OutstandingEvents } from '../src/receipt/outstanding-events.js';
import { OwedReceipt } from '../src/receipt/owed-receipt.js';
import { ReceiptStore } from '../src/receipt/receipt-store.js';

describe("a sender's share of what is outstanding", () => {
  const make = () => {
    const outstanding = new OutstandingEvents(
      { maxEvents: 100, maxBytes: 1_000, maxSenderShare: 0.5 },
      'settled',
    );
    const hold = (sender: string, events: number, bytes: number, contextBytes = 0) => {
      const ended = outstanding.hold(sender, { events, bytes, contextBytes });
      if (typeof ended === 'string') throw new Error(ended);
      return () => {
        for (let left = events; left > 0; left--) ended(left === 1);
      };
    };
    return { outstanding, hold };
  };

  it('has the bytes of a message again that has ended, while it has others', () => {
    const { outstanding, hold } = make();
    hold('other', 1, 10);
    hold('busy', 1, 10);
    const end = hold('busy', 3, 300);
    const wanted = { events: 1, bytes: 400, contextBytes: 0 };
    expect(outstanding.whyNoRoom('busy', wanted)).to.equal('sender_share');
    end();
    expect(outstanding.whyNoRoom('busy', wanted)).to.equal(undefined);
    expect({ count: outstanding.count, bytes: outstanding.byteLength }).to.deep.equal({
      count: 2,
      bytes: 20,
    });
  });

  it('counts what batches say of all their visitors', () => {
    const { outstanding, hold } = make();
    hold('other', 1, 10);
    const end = hold('busy', 1, 10, 400);
    const wanted = { events: 1, bytes: 10, contextBytes: 200 };
    expect(outstanding.whyNoRoom('busy', wanted)).to.equal('sender_share');
    expect(outstanding.whyNoRoom('other', wanted)).to.equal(undefined);
    end();
    expect(outstanding.whyNoRoom('busy', wanted)).to.equal(undefined);
    // What a message says holds room once, and gives all of it back, however many visitors it has.
    hold('busy', 3, 10, 900)();
    expect(outstanding.hasNoRoomForContexts(1_000)).to.equal(false);
  });

  it('is that of a sender which has none outstanding any more: a request above the share has its turn', () => {
    const { outstanding, hold } = make();
    hold('other', 1, 10);
    const large = { events: 60, bytes: 10, contextBytes: 0 };
    expect(outstanding.whyNoRoom('busy', large)).to.equal(undefined);
    hold('busy', 2, 20)();
    expect(outstanding.whyNoRoom('busy', large)).to.equal(undefined);
    const owner = outstanding.begin('busy', new OwedReceipt(new ManualRuntime()));
    const event = new OutstandingEvent(10, 0, owner);
    expect(outstanding.whyNoRoom('busy', large)).to.equal('sender_share');
    event.settled('delivered');
    expect(outstanding.whyNoRoom('busy', large)).to.equal(undefined);
  });
});

describe('a receipt that was waited for', () => {
  for (const verdict of [{ kind: 'taken' }, { kind: 'later', reason: 'queue_full' }] as const) {
    it(`leaves no timer behind: ${verdict.kind}`, async () => {
      const runtime = new ManualRuntime();
      const receipt = new OwedReceipt(runtime);
      receipt.expect(1);
      receipt.begin(8_000);
      expect(runtime.armed).to.equal(1);
      receipt.tell(verdict);
      expect(await receipt.settled).to.include({ status: verdict.kind });
      expect(runtime.armed).to.equal(0);
    });
  }
});

describe('the store that a receipt waits for', () => {
  function makeStore(maxBytes = 1_000) {
    const runtime = new ManualRuntime();
    const state = { writes: true, isWritable: true, tickets: 0 };
    const removed: number[] = [];
    const files: EventStore = {
      open() {},
      append: () => (state.writes ? ++state.tickets : 'failed'),
      remove: tickets => void removed.push(...tickets),
      release() {},
      available: 0,
      read: async () => [],
      async close() {},
    };
    const isWritable = () => state.isWritable;
    const store = new ReceiptStore({ store: files, maxBytes, runtime, isWritable });
    return { store, state, runtime, removed };
  }

  const serialized = (json: string) => makeUserEvent({ json, byteLength: json.length, acceptedAt: 0 });

  it('is in doubt after each failure, and asked anew every five seconds', async () => {
    const { store, state, runtime } = makeStore();
    expect(store.writeAll([serialized('{}')])).to.equal(undefined);
    expect(store.isReady).to.equal(true);
    Object.assign(state, { writes: false, isWritable: false });
    expect(store.writeAll([serialized('{}')])).to.equal('store_unusable');
    for (let look = 0; look < 3; look++) {
      await runtime.advance(5_001);
      expect(store.isReady).to.equal(false);
    }
    state.isWritable = true;
    expect(store.isReady, 'looked at just now').to.equal(false);
    await runtime.advance(5_001);
    expect(store.isReady).to.equal(true);
  });

  it('counts what a record takes besides its texts', () => {
    const { store } = makeStore(360);
    expect(store.isTooLarge({ events: 10, bytes: 0, contextBytes: 0 })).to.equal(false);
    expect(store.isTooLarge({ events: 10, bytes: 0, contextBytes: 1 })).to.equal(true);
    expect(store.isTooLarge({ events: 9, bytes: 40, contextBytes: 0 })).to.equal(true);
  });

  it('keeps no record of an event that came twice in its request, or was refused', () => {
    const { store, state, removed } = makeStore();
    const runtime = new ManualRuntime();
    const processor = {
      // Refuses the second one, as it would an event that is too large.
      process: (event: SerializedEvent) => {
        if (event.json === '{"b":1}') return false;
        const { type, uuid, context, json, acceptedAt } = event;
        return typeof store.append({ kind: 'resolved', type, uuid, context, json, acceptedAt }) === 'number';
      },
    };
    const outstanding = new OutstandingEvents(
      { maxEvents: 100, maxBytes: 1_000, maxSenderShare: 0.5 },
      'stored',
    );
    const prepared = ['{"a":1}', '{"a":1}', '{"b":1}'].map(json => ({
      serialized: serialized(json),
      shown: undefined,
      key: json,
    }));
    const admission = new Admission(prepared, 'sender', {
      ...{ outstanding, processor, runtime, store, ackTimeoutMillis: 8_000, writesFirst: true },
    });
    expect(admission.whyNot()).to.equal(undefined);
    expect(state.tickets).to.equal(3);
    void admission.handOver();
    expect(removed).to.have.length(2);
    expect(state.tickets, 'nothing is written twice').to.equal(3);
  });
});

describe('what the visitors of a batch share', () => {
  it('is read once, unless it is longer than any that an SDK sends', () => {
    const contexts = new BatchContexts();
    const others = { account_id: '1', project_id: '2', revision: '3' };
    const usual = { envelope: JSON.stringify(others), others };
    expect(contexts.of(usual, 'US')).to.equal(contexts.of({ ...usual }, 'US'));
    expect(contexts.of(usual, 'EU')).not.to.equal(contexts.of(usual, 'US'));
    const long = { ...others, note: 'x'.repeat(512) };
    const unusual = { envelope: JSON.stringify(long), others: long };
    expect(contexts.of(unusual, 'US')).not.to.equal(contexts.of(unusual, 'US'));
    expect(contexts.of(unusual, 'US').envelope).to.equal(unusual.envelope);
  });
});

describe('a receipt whose answer is known before it is waited for', () => {
  for (const kind of ['taken', 'later'] as const) {
    it(`leaves no timer behind: ${kind}`, async () => {
      const runtime = new ManualRuntime();
      const receipt = new OwedReceipt(runtime);
      receipt.expect(1);
      receipt.tell(kind === 'taken' ? { kind } : { kind, reason: 'queue_full' });
      receipt.begin(8_000);
      expect(await receipt.settled).to.include({ status: kind });
      expect(runtime.armed).to.equal(0);
    });
  }
});
