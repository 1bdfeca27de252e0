// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { expect } from 'chai';
import fc from 'fast-check';
import { batchOf, conversion, impression, makeInspector, NOW } from '../harness.js';
import { CHECKOUT, shopDatafile } from './shop.js';

/** How applications name their visitors: one way each. */
const ID_FORMS: readonly ((n: number) => string)[] = [
  n => String(n),
  n => `visitor-${n}`,
  n => `user:${n}`,
  n => `Auth0|${n * 7_919}`,
  n => createHash('sha256').update(String(n)).digest('hex'),
  n => createHash('md5').update(String(n)).digest('hex').toUpperCase(),
  n =>
    createHash('md5')
      .update(String(n))
      .digest('hex')
      .replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-'),
  n => Buffer.from(`v${n * 104_729}`).toString('base64'),
  n => `J\u00fcrgen ${n}`,
];

const AGENTS = [
  undefined,
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36',
  'Shop/3.2 (iPhone; iOS 19.1)',
] as const;

/** A visitor of a shop without a defect. */
const VISITOR = fc.record({
  /** Not everyone takes part: some only buy. */
  exposed: fc.boolean(),
  /** Times of purchases after the impression, in seconds; the visitors who were there before come back. */
  purchases: fc.uniqueArray(fc.integer({ min: 1, max: 60 }), { maxLength: 3 }),
  signups: fc.nat(2),
  cents: fc.integer({ min: 1, max: 100_000 }),
  repeats: fc.nat(2),
});

describe('inspect: an experiment without a defect', () => {
  it('has none named, whatever its traffic looks like', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(VISITOR, { minLength: 2, maxLength: 80 }),
        fc.constantFrom(...ID_FORMS),
        fc.constantFrom(...AGENTS),
        fc.boolean(),
        fc.integer({ min: 1, max: 7 }),
        async (people, idOf, agent, shuffled, perBatch) => {
          // Someone takes part and buys.
          const all = [{ exposed: true, purchases: [10], signups: 0, cents: 4_200, repeats: 0 }, ...people];
          const attributes = agent === undefined ? [] : [agentAttribute(agent)];
          let bucket = 0;
          const events = all.flatMap((person, n) => {
            const visitorId = idOf(n + 1);
            const startedAt = NOW - 1_000_000 + n;
            const decision = {
              experiment_id: CHECKOUT,
              campaign_id: '20',
              variation_id: person.exposed && bucket++ % 2 === 0 ? '2001' : '2002',
            };
            const seen = person.exposed
              ? Array.from({ length: 1 + person.repeats }, (_, again) =>
                  impression({ visitorId, attributes, decision, timestamp: startedAt + again * 700 }),
                )
              : [];
            const bought = person.purchases.map(after =>
              conversion({
                visitorId,
                attributes,
                timestamp: startedAt + after * 10_000,
                event: { revenue: person.cents, tags: { revenue: person.cents, total: person.cents / 100 } },
              }),
            );
            const signedUp = Array.from({ length: person.signups }, (_, again) =>
              conversion({
                visitorId,
                attributes,
                timestamp: startedAt + 5_500 + again * 20_000,
                event: { key: 'signup', entity_id: '301' },
              }),
            );
            return [...seen, ...bought, ...signedUp];
          });
          const ordered = shuffled ? events.toReversed() : events;
          await using inspector = await makeInspector({ datafile: shopDatafile() });
          for (let at = 0; at < ordered.length; at += perBatch) {
            await inspector.post(batchOf(ordered.slice(at, at + perBatch)));
          }
          const { experiments, diagnosis } = await inspector.overview();
          expect(diagnosis.state).to.equal('healthy');
          const checkout = experiments.find(({ id }) => id === CHECKOUT);
          const named = checkout?.diagnosis.checks.filter(
            ({ state }) => !['passed', 'unknown', 'waiting'].includes(state),
          );
          expect(named).to.deep.equal([]);
          expect(checkout?.diagnosis).to.include({ state: 'healthy' }).and.not.to.have.property('rootCause');
        },
      ),
      { numRuns: 60 },
    );
  });
});

function agentAttribute(value: string) {
  return { entity_id: '$opt_user_agent', key: '$opt_user_agent', type: 'custom', value };
}
