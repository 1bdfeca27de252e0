// SPDX-License-Identifier: Apache-2.0
import { expect } from 'chai';
import type { BookTotals } from './receipt-book.js';

/** Holds a run to what a receipt promises: every event got one, and is counted once, or refused alone if it is poison. */
export function expectAllCounted(
  report: BookTotals & { readonly violations: readonly string[] },
  events: number,
): void {
  expect(report.violations.join('\n')).to.equal('');
  expect(report).to.include({ sent: events, receipts: events, missing: 0 });
  expect(report.counted).to.equal(events - report.poison);
}
