// SPDX-License-Identifier: Apache-2.0
import { createInstance, createStaticProjectConfigManager } from '@optimizely/optimizely-sdk';
import { expect } from 'chai';
import fc from 'fast-check';
import {
  OptimizelySpanProcessor,
  recordConversion,
  recordImpression,
} from 'opentelemetry-exporter-optimizely';
import { readDatafile } from './optimizely-sdk/datafiles.js';
import { makeDatafile } from './support/datafile.js';
import { RecordingDispatcher, RecordingLogger } from './support/fakes.js';

const SECRET = 'ada@example.org';
const HOW_TO_IMPRESS =
  "recordImpression(user.decide('flag_key')) or recordImpression({ userId, flagKey, ruleKey, variationKey })";
const HOW_TO_CONVERT = "recordConversion({ userId, eventKey: 'purchase' })";

function makeUser() {
  const client = createInstance({
    projectConfigManager: createStaticProjectConfigManager({ datafile: JSON.stringify(readDatafile()) }),
  });
  return client.createUserContext(SECRET, { plan: 'gold' });
}

describe('what a record call cannot use', () => {
  const opened: OptimizelySpanProcessor[] = [];

  function makeHarness() {
    const [logger, dispatcher] = [new RecordingLogger(), new RecordingDispatcher()];
    const processor = new OptimizelySpanProcessor({
      datafile: makeDatafile(),
      eventDispatcher: dispatcher,
      logger,
    });
    opened.push(processor);
    return { processor, logger, dispatcher };
  }

  afterEach(async () => {
    await Promise.all(opened.splice(0).map(processor => processor.shutdown()));
  });

  const impress = recordImpression as (...given: unknown[]) => unknown;
  const convert = recordConversion as (...given: unknown[]) => unknown;
  const shapes: [string, (...given: unknown[]) => unknown, () => unknown[], string][] = [
    [
      'an event key and a user id',
      convert,
      () => ['purchase', SECRET],
      `not a string: write ${HOW_TO_CONVERT}`,
    ],
    ['a flag key', impress, () => ['flag', SECRET], `not a string: write ${HOW_TO_IMPRESS}`],
    ['nothing', impress, () => [], `not undefined or null: write ${HOW_TO_IMPRESS}`],
    ['null', convert, () => [null], `not undefined or null: write ${HOW_TO_CONVERT}`],
    ['a number', convert, () => [7], `must be an object: write ${HOW_TO_CONVERT}`],
    ['a function', impress, () => [() => SECRET], `must be an object: write ${HOW_TO_IMPRESS}`],
    [
      'a list of conversions',
      convert,
      () => [[{ userId: SECRET, eventKey: 'purchase' }]],
      `not a list: for each, write ${HOW_TO_CONVERT}`,
    ],
    [
      'the promise of a decision',
      impress,
      () => [makeUser().decideAsync('search')],
      "not a promise: write recordImpression(await user.decideAsync('flag_key'))",
    ],
    ['the decisions of all flags', impress, () => [makeUser().decideAll()], 'of Object.values(decisions)'],
    ['a user context', impress, () => [makeUser()], `not the context itself: write ${HOW_TO_IMPRESS}`],
    ['a user context', convert, () => [makeUser(), 'purchase'], 'userId: user.getUserId()'],
    ['a decision', convert, () => [makeUser().decide('search')], 'write recordImpression(decision)'],
    [
      'an impression',
      convert,
      () => [{ userId: SECRET, flagKey: 'checkout', variationKey: 'on' }],
      'no eventKey, and the keys of an impression',
    ],
    [
      'a conversion',
      impress,
      () => [{ userId: SECRET, eventKey: 'purchase' }],
      `as a conversion: write ${HOW_TO_CONVERT}`,
    ],
    [
      'an event name',
      convert,
      () => [{ userId: SECRET, eventName: 'purchase' }],
      'write eventKey in place of eventName',
    ],
    [
      'an event key of the wire',
      convert,
      () => [{ userId: SECRET, event_key: 'purchase' }],
      'eventKey in place of event_key',
    ],
    [
      'a misspelled event key',
      convert,
      () => [{ userId: SECRET, evnetKey: 'purchase' }],
      'eventKey in place of evnetKey',
    ],
    [
      'a user id in snake case',
      convert,
      () => [{ user_id: SECRET, eventKey: 'purchase' }],
      'write userId in place of user_id',
    ],
    [
      'a user id in capitals',
      impress,
      () => [{ userID: SECRET, ruleKey: 'banner' }],
      'write userId in place of userID',
    ],
    [
      "the wire's visitor id",
      impress,
      () => [{ visitor_id: SECRET, ruleKey: 'banner' }],
      'write userId in place of visitor_id',
    ],
    [
      'an experiment key',
      impress,
      () => [{ userId: SECRET, experimentKey: 'banner' }],
      'write ruleKey in place of experimentKey',
    ],
    ['a flag', impress, () => [{ userId: SECRET, flag: 'checkout' }], 'write flagKey in place of flag'],
    ['no user', impress, () => [{ ruleKey: 'banner' }], 'userId must be a string'],
    [
      'a user context without a user id',
      impress,
      () => [{ flagKey: 'checkout', userContext: {} }],
      'userContext must be',
    ],
    ['no user context', impress, () => [{ flagKey: 'checkout', userContext: SECRET }], 'userContext must be'],
  ];
  for (const [name, call, given, message] of shapes) {
    it(`is refused, counted, and told once with what to write: ${name} for ${call.name}`, () => {
      const { processor, logger } = makeHarness();
      for (let n = 0; n < 3; n++) expect(call(...given())).to.equal(undefined);
      const lines = logger.at('warn').filter(line => line.includes(' refused: '));
      expect(lines).to.have.lengthOf(1);
      expect(lines[0]).to.include(message);
      expect(processor.ledger()).to.deep.include({ recorded: 3, dropped: { invalid: 3 }, pending: 0 });
      expect(JSON.stringify(logger.lines)).not.to.include(SECRET);
    });
  }

  it('names the same field with and without what was given in its place', () => {
    const { logger } = makeHarness();
    convert({ eventKey: 'purchase' });
    convert({ user_id: SECRET, eventKey: 'purchase' });
    convert({ visitorId: SECRET, eventKey: 'purchase' });
    expect(logger.at('warn').filter(line => line.includes(' refused: '))).to.deep.equal([
      'conversion refused: userId must be a string',
      'conversion refused: userId is missing: write userId in place of user_id',
      'conversion refused: userId is missing: write userId in place of visitorId',
    ]);
  });

  it('is recorded all the same where the second argument is not a span, as with no span', async () => {
    const { processor, dispatcher } = makeHarness();
    for (const given of [SECRET, { plan: 'gold' }, 7, null, () => SECRET]) {
      expect(convert({ userId: SECRET, eventKey: 'purchase' }, given)).to.be.a('string');
    }
    await processor.forceFlush();
    expect(dispatcher.visitors).to.have.lengthOf(5);
  });

  it('is never said in the words of the application: no name that is not near to one of ours is shown', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string({ maxLength: 60 }), fc.string()), members => {
        const { processor, logger } = makeHarness();
        expect(processor.recordConversion(members as never)).to.equal(undefined);
        expect(processor.recordImpression(members as never)).to.equal(undefined);
        for (const line of logger.at('warn')) {
          for (const value of Object.values(members)) {
            if (value.length > 12) expect(line).not.to.include(value);
          }
        }
        const foreign = Object.keys(members).filter(name => /[^\w-]/.test(name) && name.length > 12);
        for (const name of foreign) expect(JSON.stringify(logger.lines)).not.to.include(name);
      }),
    );
  });
});
