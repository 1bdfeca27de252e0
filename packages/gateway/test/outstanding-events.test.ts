// SPDX-License-Identifier: Apache-2.0
import { expect } from 'chai';
import { ManualRuntime } from '../../../test/support/manual-runtime.js';
import { OutstandingEvents } from '../src/receipt/outstanding-events.js';
import { OwedReceipt } from '../src/receipt/owed-receipt.js';

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
