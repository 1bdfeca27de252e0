// SPDX-License-Identifier: Apache-2.0
import { expect } from 'chai';
import fc from 'fast-check';
import {
  drawnRows,
  type Position,
  positionAt,
  positionShowing,
  type ScrollBox,
  scrolledTo,
  scrollHeight,
  TOP,
} from '../../src/page/state/list-position.js';

const box = fc.record({
  rows: fc.integer({ min: 0, max: 2_000_000 }),
  rowHeight: fc.integer({ min: 20, max: 120 }),
  height: fc.integer({ min: 30, max: 2_000 }),
});
const mostOf = ({ rows, rowHeight, height }: ScrollBox) => Math.max(0, rows * rowHeight - height);

describe('inspect: a long list', () => {
  it('asks no browser for more pixels than it has', () => {
    fc.assert(
      fc.property(box, list => {
        expect(scrollHeight(list))
          .to.be.at.most(4_000_000)
          .and.at.most(list.rows * list.rowHeight);
      }),
    );
  });

  it('never shows what is before its first or after its last row', () => {
    const moves = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 20 });
    fc.assert(
      fc.property(box, moves, (list, shares) => {
        let position: Position = TOP;
        for (const share of shares) {
          const scrollTop = share * Math.max(0, scrollHeight(list) - list.height);
          position = scrolledTo(scrollTop, position, list);
          expect(position.offset).to.be.within(0, mostOf(list));
          const [first, last] = drawnRows(position, list);
          expect(first).to.be.within(0, last);
          expect(last).to.be.at.most(list.rows);
        }
      }),
    );
  });

  it('reaches its ends at the ends of the scroll bar', () => {
    fc.assert(
      fc.property(box, fc.double({ min: 0, max: 1, noNaN: true }), (list, share) => {
        const from = positionAt(share * mostOf(list), list);
        const end = Math.max(0, scrollHeight(list) - list.height);
        expect(scrolledTo(0, from, list).offset).to.equal(0);
        expect(scrolledTo(end, from, list).offset).to.be.closeTo(mostOf(list), 1);
      }),
    );
  });

  it('moves by as much as a wheel does, however long it is', () => {
    const list = { rows: 1_000_000, rowHeight: 34, height: 600 };
    const from = positionAt(500_000 * 34, list);
    expect(scrolledTo(from.scrollTop + 100, from, list).offset).to.be.closeTo(from.offset + 100, 1);
    expect(scrolledTo(from.scrollTop - 100, from, list).offset).to.be.closeTo(from.offset - 100, 1);
  });

  it('shows any row that is asked for whole, and moves no more than needed', () => {
    fc.assert(
      fc.property(box, fc.double({ min: 0, max: 1, noNaN: true }), fc.nat(), (list, share, number) => {
        fc.pre(list.rows > 0 && list.height >= list.rowHeight);
        const place = number % list.rows;
        const from = positionAt(share * mostOf(list), list);
        const { offset } = positionShowing(place, from, list);
        expect(place * list.rowHeight).to.be.at.least(offset - 1e-6);
        expect((place + 1) * list.rowHeight).to.be.at.most(offset + list.height + 1e-6);
        expect(positionShowing(place, positionAt(offset, list), list).offset).to.equal(offset);
      }),
    );
  });
});
