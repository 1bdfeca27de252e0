// SPDX-License-Identifier: Apache-2.0
import { trace } from '@opentelemetry/api';
import { expect } from 'chai';
import { OptimizelyLogRecordProcessor } from 'opentelemetry-exporter-optimizely/logs';
import { useApplication } from './harness.js';
import { BRIDGED_TIMES, SpanEventBridge } from './span-event-bridge.js';

const AT = 1_700_000_000_123;
/** As OpenFeature's hooks emit it, with the rule key that the provider knows. */
const EVALUATION = {
  eventName: 'feature_flag.evaluation',
  timestamp: AT,
  attributes: {
    'feature_flag.context.id': 'visitor-1',
    'feature_flag.key': 'checkout',
    'feature_flag.result.variant': 'treatment',
    'optimizely.rule.key': 'checkout_test',
  },
};

describe('feature_flag.evaluation log records', () => {
  const { makeApplication, makeOurs } = useApplication();

  it('become impressions where evaluationEvents asks for it', async () => {
    const { log, received } = await makeApplication({ processors: [{ evaluationEvents: true }] });
    log.emit(EVALUATION);
    const [impression, ...rest] = await received();
    expect(rest).to.deep.equal([]);
    expect(impression).to.deep.include({
      type: 'impression',
      visitorId: 'visitor-1',
      timestamp: AT,
      experimentId: '200',
      variationId: '2002',
      problems: [],
    });
  });

  it('are left alone by default', async () => {
    const { log, processor } = await makeApplication();
    log.emit(EVALUATION);
    expect(processor.ledger().recorded).to.equal(0);
  });

  it('enable a logger only where they are asked for', async () => {
    for (const evaluationEvents of [true, false]) {
      const { processor } = await makeOurs({ evaluationEvents });
      const ours = new OptimizelyLogRecordProcessor(processor);
      expect(ours.enabled({ eventName: EVALUATION.eventName })).to.equal(evaluationEvents);
      expect(ours.enabled({ eventName: 'optimizely.impression' })).to.equal(true);
      expect(ours.enabled({ eventName: 'another' })).to.equal(false);
      expect(ours.enabled({})).to.equal(true);
    }
  });

  for (const place of ['before', 'after'] as const) {
    it(`are one impression beside a bridge that is registered ${place} us`, async () => {
      const { log, inSpan, received } = await makeApplication({
        processors: [{ evaluationEvents: true }],
        [place]: [new SpanEventBridge(time => time)],
      });
      const events = inSpan(() => log.emit(EVALUATION));
      expect(events.map(({ name }) => name)).to.deep.equal([EVALUATION.eventName]);
      expect(await received()).to.have.length(1);
    });
  }

  for (const [form, timeOf] of Object.entries(BRIDGED_TIMES)) {
    for (const place of ['before', 'after'] as const) {
      it(`are known without dedupe too, from a bridge ${place} us, which passes the time on ${form}`, async () => {
        const { log, inSpan, received } = await makeApplication({
          processors: [{ evaluationEvents: { dedupe: false } }],
          [place]: [new SpanEventBridge(timeOf)],
        });
        const ofAnother = { ...EVALUATION.attributes, 'feature_flag.context.id': 'another' };
        inSpan(() => {
          log.emit(EVALUATION);
          log.emit(EVALUATION);
          trace.getActiveSpan()?.addEvent(EVALUATION.eventName, ofAnother, AT);
        });
        expect((await received()).map(({ visitorId }) => visitorId)).to.deep.equal([
          'visitor-1',
          'visitor-1',
          'another',
        ]);
      });
    }
  }
});
