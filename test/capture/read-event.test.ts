// SPDX-License-Identifier: Apache-2.0
import { BasicTracerProvider } from '@opentelemetry/sdk-trace-base';
import { expect } from 'chai';
import { OptimizelySpanProcessor } from 'opentelemetry-exporter-optimizely';
import {
  deriveEventUuid,
  isExperimentEventName,
  type RawEvent,
  readExperimentEvent,
  readFlagEvaluation,
} from 'opentelemetry-exporter-optimizely/capture';
import { makeDatafile } from '../support/datafile.js';
import { RecordingDispatcher, RecordingLogger } from '../support/fakes.js';
import { ManualRuntime } from '../support/manual-runtime.js';

const USER = 'feature_flag.context.id';
const UUID = 'optimizely.event.uuid';
const TIME = 1_700_000_000_123_456_789n;
const ORIGIN = { traceId: '4bf92f3577b34da6a3ce929d0e0e4736', spanId: '00f067aa0ba902b7' };
const CONVERSION = { [USER]: 'ada', 'optimizely.event.key': 'purchase' };
const EVALUATION = {
  [USER]: 'ada',
  'feature_flag.key': 'checkout',
  'feature_flag.result.variant': 'treatment',
};

function conversion(attributes: Record<string, unknown> = {}): RawEvent {
  return { name: 'optimizely.conversion', attributes: { ...CONVERSION, ...attributes }, time: TIME };
}

function evaluation(attributes: Record<string, unknown> = {}): RawEvent {
  return { name: 'feature_flag.evaluation', attributes: { ...EVALUATION, ...attributes }, time: TIME };
}

/** The event with a bomb in the place of one attribute. */
function throwing(event: RawEvent, attribute: string): RawEvent {
  const attributes = Object.defineProperty({ ...event.attributes }, attribute, {
    get() {
      throw new Error('secret');
    },
  });
  return { ...event, attributes };
}

describe('readExperimentEvent', () => {
  it('reads a conversion, with its time in milliseconds and a derived uuid', () => {
    const tags = { revenue: 4200, value: 1.5 };
    const event = conversion({
      'optimizely.event.tags': tags,
      'optimizely.user.attributes': '{"plan":"gold"}',
    });
    expect(readExperimentEvent(event, ORIGIN))
      .to.deep.include({ kind: 'event' })
      .and.have.deep.property('event', {
        type: 'conversion',
        userId: 'ada',
        uuid: deriveEventUuid(event, ORIGIN),
        timestamp: 1_700_000_000_123,
        eventKey: 'purchase',
        eventId: undefined,
        attributes: { plan: 'gold' },
        tags,
        revenue: 4200,
        value: 1.5,
      });
  });

  it('reads bytes and large integers in tags and attributes, which JSON has not', () => {
    const tags = Object.assign(Object.create(null), {
      big: 9_007_199_254_740_993n,
      list: [1, [2n], { bytes: Uint8Array.of(2, 3) }],
      plain: { text: 'a' },
      ['__proto__']: 3n,
    });
    const event = conversion({ 'optimizely.event.tags': tags, 'optimizely.user.attributes': { plan: 7n } });
    const read = readExperimentEvent(event, ORIGIN);
    expect(read).to.have.nested.property('event.attributes.plan', 7);
    const json = JSON.stringify((read as { event: { tags: object } }).event.tags);
    expect(JSON.parse(json)).to.deep.equal(
      JSON.parse(
        '{"big":9007199254740992,"list":[1,[2],{"bytes":"AgM="}],"plain":{"text":"a"},"__proto__":3}',
      ),
    );
    expect(tags.big, 'what was passed stays').to.equal(9_007_199_254_740_993n);
    const without = { list: [1, { a: null }] };
    const untouched = readExperimentEvent(conversion({ 'optimizely.event.tags': without }));
    expect(untouched).to.have.nested.property('event.tags', without);
    const circle: Record<string, unknown> = {};
    Object.assign(circle, { one: circle, other: circle });
    expect(readExperimentEvent(conversion({ 'optimizely.event.tags': circle }))).to.deep.equal({
      kind: 'unreadable',
      event: { type: 'conversion', unusable: 'optimizely.event.tags' },
    });
  });

  it('takes the uuid of the event, else of the log record, else derives one', () => {
    const uuidOf = (attributes: object) => {
      const read = readExperimentEvent(conversion({ ...attributes }), ORIGIN);
      return read?.kind === 'event' ? read.event.uuid : undefined;
    };
    const derived = deriveEventUuid(conversion(), ORIGIN);
    expect(uuidOf({ [UUID]: 'own', 'log.record.uid': 'record' })).to.equal('own');
    expect(uuidOf({ [UUID]: '', 'log.record.uid': 'record' })).to.equal('record');
    for (const none of [undefined, null, '', 7])
      expect(uuidOf({ [UUID]: null, 'log.record.uid': none })).to.equal(derived);
  });

  it('says what a helper has shown in the trace and delivered itself', () => {
    for (const user of [undefined, null])
      expect(readExperimentEvent(conversion({ [USER]: user, [UUID]: 'own' }))).to.deep.equal({
        kind: 'shown',
        uuid: 'own',
      });
    // A visitor may have any id.
    expect(readExperimentEvent(conversion({ [USER]: '', [UUID]: 'own' }))).to.include({ kind: 'event' });
  });

  for (const [attribute, event] of [
    [USER, conversion({ [USER]: undefined })],
    [USER, conversion({ [USER]: 7, [UUID]: 'own' })],
    ['optimizely.event.key', conversion({ 'optimizely.event.key': '' })],
    ['optimizely.event.tags', conversion({ 'optimizely.event.tags': '{' })],
    ['optimizely.user.attributes', conversion({ 'optimizely.user.attributes': [1] })],
    [UUID, conversion({ [UUID]: 7 })],
    ['timestamp', { ...conversion(), time: 0n }],
    ['its list of attributes', throwing(conversion(), 'optimizely.event.key')],
    ['its list of attributes', throwing(conversion(), UUID)],
  ] as [string, RawEvent][]) {
    it(`names ${attribute} where that is at fault`, () => {
      const unreadable = { type: 'conversion', unusable: attribute };
      expect(readExperimentEvent(event)).to.deep.equal({ kind: 'unreadable', event: unreadable });
    });
  }

  it('looks at two names only', () => {
    for (const name of ['optimizely.impression', 'optimizely.conversion'])
      expect(isExperimentEventName(name)).to.equal(true);
    for (const name of ['', 'feature_flag.evaluation', 'optimizely', '__proto__', 'exception']) {
      expect(isExperimentEventName(name)).to.equal(false);
      expect(readExperimentEvent({ ...conversion(), name })).to.equal(undefined);
    }
  });
});

describe('readFlagEvaluation', () => {
  it('reads the impression of a named rule, and leaves an unnamed one to the datafile', () => {
    const named = readFlagEvaluation(evaluation({ 'optimizely.rule.key': 'checkout_test' }), ORIGIN);
    expect(named).to.have.nested.property('event.ruleKey', 'checkout_test');
    expect(named).not.to.have.nested.property('event.inferRule');
    const unnamed = readFlagEvaluation(evaluation(), ORIGIN);
    expect(unnamed).to.have.nested.property('event.inferRule', true);
    expect(unnamed).to.have.nested.property('event.uuid', deriveEventUuid(evaluation(), ORIGIN));
  });

  it('passes over other names, and what no experiment decided', () => {
    for (const event of [
      conversion(),
      evaluation({ 'feature_flag.result.variant': undefined }),
      evaluation({ 'error.type': 'general' }),
      evaluation({ 'optimizely.rule.type': 'rollout' }),
    ])
      expect(readFlagEvaluation(event)).to.equal(undefined);
  });

  it('names the attribute at fault', () => {
    const unreadable = (unusable: string) => ({
      kind: 'unreadable',
      event: { type: 'impression', unusable },
    });
    expect(readFlagEvaluation(evaluation({ [USER]: 7 }))).to.deep.equal(unreadable(USER));
    const bomb = throwing(evaluation(), 'feature_flag.key');
    expect(readFlagEvaluation(bomb)).to.deep.equal(unreadable('its list of attributes'));
  });
});

describe('the harvest of one span', () => {
  it('gives an event the same uuid for each project, and in each process', async () => {
    const dispatchers = [0, 1].map(() => new RecordingDispatcher());
    const processors = dispatchers.map(
      (eventDispatcher, index) =>
        new OptimizelySpanProcessor({
          datafile: makeDatafile({ projectId: `project-${index}` }),
          eventDispatcher,
          logger: new RecordingLogger(),
          runtime: new ManualRuntime(),
        }),
    );
    const span = new BasicTracerProvider({ spanProcessors: processors })
      .getTracer('test')
      .startSpan('request');
    span.addEvent('optimizely.conversion', CONVERSION, [1_700_000_000, 123_456_789]);
    span.end();
    await Promise.all(processors.map(processor => processor.shutdown()));
    const uuid = deriveEventUuid(conversion(), span.spanContext());
    for (const [index, { sent }] of dispatchers.entries()) {
      expect(sent).to.have.nested.property('[0].project_id', `project-${index}`);
      expect(sent).to.have.nested.property('[0].visitors[0].snapshots[0].events[0].uuid', uuid);
    }
  });
});
