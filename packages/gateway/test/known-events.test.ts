// SPDX-License-Identifier: Apache-2.0
import { expect } from 'chai';
import fc from 'fast-check';
import { ManualRuntime } from 'opentelemetry-exporter-optimizely/testing';
import { KnownEvents } from '../src/receipt/known-events.js';
import { OutstandingEvent } from '../src/receipt/outstanding-event.js';
import { OutstandingEvents } from '../src/receipt/outstanding-events.js';
import { OwedReceipt } from '../src/receipt/owed-receipt.js';

function makeHarness() {
  const known = new KnownEvents();
  const runtime = new ManualRuntime();
  const outstanding = new OutstandingEvents(
    { maxEvents: 1e9, maxBytes: 1e9, maxSenderShare: 1 },
    'delivered',
  );
  const owner = outstanding.begin('test', new OwedReceipt(runtime));
  let made = 0;
  const add = (key = `event ${++made}`) => {
    const event = new OutstandingEvent(1, 0, owner);
    known.add(key, event);
    return { key, event };
  };
  const addDelivered = (count: number) => {
    for (let n = 0; n < count; n++) add().event.settled('delivered');
  };
  return { known, add, addDelivered };
}

describe('the events that are known', () => {
  it('are those that are outstanding, however many come after them', () => {
    const { known, add, addDelivered } = makeHarness();
    const waiting = Array.from({ length: 7_000 }, () => add());
    addDelivered(100_000);
    for (const { key, event } of waiting) expect(known.find(key)).to.equal(event);
  });

  it('are the latest 5,000 that were delivered, and not all', () => {
    const { known, add, addDelivered } = makeHarness();
    const { key, event } = add();
    event.settled('delivered');
    addDelivered(4_999);
    expect(known.find(key)).to.equal(event);
    addDelivered(10_000);
    expect(known.find(key)).to.equal(undefined);
  });

  it('are fewer where their keys are long', () => {
    const { known, add } = makeHarness();
    const { key, event } = add('the first');
    event.settled('delivered');
    for (let n = 0; n < 20; n++) add(`${n}${'x'.repeat(1_000_000)}`).event.settled('delivered');
    expect(known.find(key)).to.equal(undefined);
  });

  it('are none that are to be sent again', () => {
    const { known, add } = makeHarness();
    const { key, event } = add();
    event.settled('queue_full');
    expect(known.find(key)).to.equal(undefined);
    const again = add(key);
    expect(known.find(key)).to.equal(again.event);
  });

  it('are the same whatever the order in which they come and are settled', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(30), fc.constantFrom('delivered', 'rejected', 'queue_full')), {
          maxLength: 200,
        }),
        steps => {
          const { known, add } = makeHarness();
          const expected = new Map<string, OutstandingEvent>();
          for (const [number, outcome] of steps) {
            const key = `key ${number}`;
            const open = expected.get(key);
            if (open === undefined) expected.set(key, add(key).event);
            else if (open.verdict === undefined) {
              open.settled(outcome);
              if (outcome === 'queue_full') expected.delete(key);
            }
            expect(known.find(key)).to.equal(expected.get(key));
          }
        },
      ),
    );
  });
});
