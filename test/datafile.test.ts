// SPDX-License-Identifier: Apache-2.0
import { expect } from 'chai';
import {
  type Datafile,
  NotificationCenter,
  NotificationType,
  OptimizelySpanProcessor,
  type OptimizelySpanProcessorOptions,
  type ProjectConfigManager,
  StaticProjectConfigManager,
} from 'opentelemetry-exporter-optimizely';
import { makeDatafile } from './support/datafile.js';
import { RecordingDispatcher, RecordingLogger } from './support/fakes.js';
import { ManualRuntime, settle } from './support/manual-runtime.js';

const CONVERSION = { userId: 'visitor', eventKey: 'purchase', attributes: { plan: 'gold' } };

const made: OptimizelySpanProcessor[] = [];

function makeHarness(options: OptimizelySpanProcessorOptions) {
  const dispatcher = new RecordingDispatcher();
  const logger = new RecordingLogger();
  const runtime = new ManualRuntime();
  const processor = new OptimizelySpanProcessor({ eventDispatcher: dispatcher, logger, runtime, ...options });
  made.push(processor);
  return { processor, dispatcher, logger, runtime };
}

describe('datafile', () => {
  afterEach(() => Promise.all(made.splice(0).map(processor => processor.shutdown())));

  it('may be the JSON text or the object it holds', async () => {
    for (const datafile of [makeDatafile(), JSON.stringify(makeDatafile())]) {
      const { processor, dispatcher } = makeHarness({ datafile });
      processor.recordConversion(CONVERSION);
      await processor.shutdown();
      expect(dispatcher.sent[0]).to.deep.include({
        account_id: 'account-1',
        project_id: 'project-1',
        revision: '7',
      });
    }
  });

  const bad: [string, Datafile][] = [
    ['empty text', ''],
    ['no JSON', '{"version'],
    ['JSON but no object', '[1]'],
    ['no version', { accountId: 'a', projectId: 'p', revision: '1' }],
    ['a version that is not supported', makeDatafile({ version: '5' })],
    ['a version that is no string', makeDatafile({ version: 4 })],
    ['no account', makeDatafile({ accountId: undefined })],
    ['no revision', makeDatafile({ revision: undefined })],
    [
      'a getter that throws',
      Object.defineProperty(makeDatafile(), 'groups', {
        get: () => {
          throw new Error('secret');
        },
      }),
    ],
  ];
  for (const [name, datafile] of bad) {
    it(`of bad content never stops a service: ${name}`, async () => {
      const { processor, dispatcher, logger } = makeHarness({ datafile });
      processor.recordConversion(CONVERSION);
      await processor.forceFlush();
      expect(processor.ledger()).to.deep.include({ recorded: 1, pending: 1, dropped: {} });
      expect(logger.at('error')).to.have.length(1);
      expect(logger.at('error')[0]).to.include('events wait for a good one');
      expect(logger.at('error')[0]).not.to.include('secret');
      await processor.shutdown();
      expect(dispatcher.attempts).to.equal(0);
      expect(processor.ledger()).to.deep.include({ pending: 0, dropped: { no_datafile: 1 } });
    });
  }

  it('with members of wrong shapes is read as far as it goes', () => {
    const datafile = makeDatafile({
      experiments: 5,
      groups: [null, { experiments: 'x' }],
      rollouts: {},
      attributes: [7],
      featureFlags: [{ experimentIds: 3 }],
    });
    const { processor } = makeHarness({ datafile });
    expect(processor.recordConversion(CONVERSION)).to.be.a('string');
    expect(processor.recordImpression({ userId: 'v', ruleKey: 'banner' })).to.equal(undefined);
    expect(processor.ledger().dropped).to.deep.equal({ unknown_key: 1 });
  });

  it('may have numbers for ids, keys that objects have already, and members twice', async () => {
    const text = JSON.stringify(
      makeDatafile({
        experiments: [{ id: 9, key: 'banner', layerId: 8, variations: [{ id: 7, key: 'control' }] }],
        events: [
          { id: 5, key: 'purchase' },
          { id: '6', key: '__proto__' },
        ],
      }),
    );
    const datafile = text.replace('{', '{"__proto__":{"version":"9"},"revision":"1",');
    const { processor, dispatcher } = makeHarness({ datafile });
    processor.recordConversion(CONVERSION);
    processor.recordConversion({ ...CONVERSION, eventKey: '__proto__' });
    processor.recordImpression({ userId: 'v', ruleKey: 'banner', variationKey: 'control' });
    expect(processor.recordConversion({ ...CONVERSION, eventKey: 'constructor' })).to.equal(undefined);
    await processor.forceFlush();
    const events = dispatcher.visitors.map(({ snapshots }) => snapshots[0]?.events[0]?.entity_id);
    expect([dispatcher.sent[0]?.revision, ...events]).to.deep.equal(['7', '5', '6', '8']);
  });

  const wrong: [string, Record<string, unknown>, RegExp][] = [
    ['no source', {}, /no datafile source.*datafile/],
    ['a source that is undefined', { sdkKey: undefined }, /no datafile source.*sdkKey is undefined/],
    ['another spelling', { sdk_key: 'key' }, /no datafile source.*sdk_key \(did you mean sdkKey\?\)/],
    [
      'a manager under another name',
      { configManager: { getConfig: () => null } },
      /no datafile source.*configManager \(did you mean projectConfigManager\?\)/,
    ],
    [
      'two sources',
      { datafile: makeDatafile(), projectConfigManager: { getConfig: () => null } },
      /more than one datafile source/,
    ],
    ['a datafile of a wrong type', { datafile: 5 }, /datafile must be/],
    ['a null datafile', { datafile: null }, /datafile must be/],
    ['an array', { datafile: [] }, /datafile must be/],
    ['bytes', { datafile: Buffer.from(JSON.stringify(makeDatafile())) }, /datafile must be/],
    ['a promise', { datafile: Promise.resolve(makeDatafile()) }, /datafile must be/],
    ['a manager that is none', { projectConfigManager: {} }, /projectConfigManager.*getConfig/],
    [
      'a dispatcher that is none',
      { datafile: makeDatafile(), eventDispatcher: {} },
      /eventDispatcher.*dispatchEvent/,
    ],
    ['a logger that is none', { datafile: makeDatafile(), logger: {} }, /logger.*error/],
    ['an endpoint that is no URL', { datafile: makeDatafile(), endpoint: 'localhost' }, /endpoint/],
  ];
  for (const [name, options, message] of wrong) {
    it(`throws a TypeError at construction that says what to write: ${name}`, () => {
      expect(() => new OptimizelySpanProcessor(options as never)).to.throw(TypeError, message);
    });
  }
  it('throws a TypeError where there are no options at all', () => {
    expect(() => new OptimizelySpanProcessor(undefined as never)).to.throw(TypeError, /datafile source/);
    expect(() => new StaticProjectConfigManager({ datafile: 7 as never })).to.throw(
      TypeError,
      /datafile must be/,
    );
  });

  it('events recorded before it are held as they were, and resolved when a good one comes', async () => {
    const manager = new StaticProjectConfigManager();
    const { processor, dispatcher, runtime } = makeHarness({ projectConfigManager: manager });
    const attributes = { plan: 'gold' as string, bad: {} as never };
    const tags = { revenue: '12.7', when: new Date(0), nothing: null, deep: { n: 1 } };
    const uuid = processor.recordConversion({ ...CONVERSION, attributes, tags });
    processor.recordConversion({ ...CONVERSION, eventKey: 'not in the datafile' });
    attributes.plan = 'changed';
    tags.deep.n = 2;
    await runtime.advance(20_000);
    expect(dispatcher.attempts).to.equal(0);
    expect(manager.setDatafile(makeDatafile())).to.equal(true);
    await processor.forceFlush();
    expect(dispatcher.uuids).to.deep.equal([uuid]);
    const [visitor] = dispatcher.visitors;
    expect(visitor?.attributes.map(attribute => attribute.value)).to.deep.equal(['gold']);
    expect(visitor?.snapshots[0]?.events[0]).to.deep.include({
      timestamp: 1_700_000_000_000,
      revenue: 12,
      tags: { revenue: '12.7', when: '1970-01-01T00:00:00.000Z', deep: { n: 1 } },
    });
    expect(processor.ledger()).to.deep.include({
      recorded: 2,
      delivered: 1,
      pending: 0,
      dropped: { unknown_key: 1 },
    });
  });

  it('what is a tag on the wire stays one for an event that was held: a Date is no revenue', async () => {
    const manager = new StaticProjectConfigManager();
    const { processor, dispatcher } = makeHarness({ projectConfigManager: manager });
    processor.recordConversion({ ...CONVERSION, tags: { revenue: new Date(0), value: true } });
    manager.setDatafile(makeDatafile());
    await processor.forceFlush();
    const event = dispatcher.visitors[0]?.snapshots[0]?.events[0];
    expect(event).not.to.have.any.keys('revenue', 'value');
    expect(event?.tags).to.deep.equal({ revenue: '1970-01-01T00:00:00.000Z', value: true });
  });

  it('the age rule counts held events from when they were recorded', async () => {
    const manager = new StaticProjectConfigManager();
    const { processor, dispatcher, runtime } = makeHarness({ projectConfigManager: manager });
    processor.recordConversion(CONVERSION);
    await runtime.advance(29_000);
    manager.setDatafile(makeDatafile());
    await runtime.advance(998);
    expect(dispatcher.attempts).to.equal(0);
    await runtime.advance(2);
    expect(dispatcher.attempts).to.equal(1);
  });

  it('held events count against maxQueueSize, and unserializable ones are refused at once', () => {
    const projectConfigManager = new StaticProjectConfigManager();
    const { processor } = makeHarness({ projectConfigManager, maxQueueSize: 2 });
    const answers = [1, 2, 3].map(() => processor.recordConversion(CONVERSION));
    expect(answers.map(answer => answer !== undefined)).to.deep.equal([true, true, false]);
    expect(processor.recordConversion({ ...CONVERSION, tags: { n: 1n } })).to.equal(undefined);
    expect(processor.ledger()).to.deep.include({
      recorded: 4,
      pending: 2,
      dropped: { queue_full: 1, invalid: 1 },
    });
  });

  it('what cannot be sent of a held event is left out of it, as of any other', async () => {
    const plans = [new Date(0), { toJSON: () => 'gold' }, 5n, Number.NaN, null, 'gold'] as never[];
    const sent = async (projectConfigManager: StaticProjectConfigManager) => {
      const { processor, dispatcher } = makeHarness({ projectConfigManager });
      for (const [n, plan] of plans.entries()) {
        processor.recordConversion({
          ...CONVERSION,
          uuid: `uuid-${n}`,
          timestamp: 1e12,
          attributes: { plan },
        });
      }
      projectConfigManager.setDatafile(makeDatafile());
      await processor.forceFlush();
      return dispatcher.visitors;
    };
    const held = await sent(new StaticProjectConfigManager());
    expect(held).to.deep.equal(await sent(new StaticProjectConfigManager({ datafile: makeDatafile() })));
    expect(held.map(({ attributes }) => attributes.length)).to.deep.equal([0, 0, 0, 0, 0, 1]);
  });

  it('events that cannot be held are refused with the member at fault, once a kind', () => {
    const { processor, logger } = makeHarness({ projectConfigManager: new StaticProjectConfigManager() });
    const attributes = {
      get plan(): string {
        throw new Error('secret');
      },
    };
    for (let n = 0; n < 2; n++) {
      processor.recordConversion({ ...CONVERSION, tags: { n: 1n } });
      processor.recordImpression({ userId: 'v', ruleKey: 'banner', attributes });
    }
    expect(logger.at('warn').filter(line => line.includes(' dropped: '))).to.deep.equal([
      "conversion dropped: its tags can't be serialized to JSON",
      "impression dropped: its attributes can't be serialized to JSON",
    ]);
    expect(processor.ledger()).to.deep.include({ pending: 0, dropped: { invalid: 4 } });
  });

  it('listeners are told which events were held until the end, and the end does not come twice', async () => {
    const center = new NotificationCenter();
    const told: unknown[] = [];
    center.addNotificationListener(NotificationType.EVENTS_DROPPED, ({ reason, uuids }) =>
      told.push([reason, uuids]),
    );
    const manager = new StaticProjectConfigManager();
    const { processor, dispatcher } = makeHarness({
      projectConfigManager: manager,
      notificationCenter: center,
    });
    const uuids = [processor.recordConversion(CONVERSION), processor.recordConversion(CONVERSION)];
    await processor.shutdown();
    manager.setDatafile(makeDatafile());
    await settle();
    expect(told).to.deep.equal([['no_datafile', uuids]]);
    expect(dispatcher.attempts).to.equal(0);
    expect(processor.ledger()).to.deep.include({ recorded: 2, pending: 0, dropped: { no_datafile: 2 } });
  });

  it('a shutdown waits for it only where events do', async () => {
    const { processor, runtime } = makeHarness({
      projectConfigManager: { getConfig: () => null, onReady: () => new Promise(() => {}) },
    });
    let ended = false;
    void processor.shutdown().then(() => {
      ended = true;
    });
    await settle();
    expect([ended, runtime.now()]).to.deep.equal([true, new ManualRuntime().now()]);
  });

  it('a new revision flushes the batch of the old one at once; the same one again does nothing', async () => {
    const center = new NotificationCenter();
    const [causes, updates]: [string[], string[]] = [[], []];
    center.addNotificationListener(NotificationType.LOG_EVENT, (_logEvent, info) => causes.push(info.cause));
    center.addNotificationListener(NotificationType.OPTIMIZELY_CONFIG_UPDATE, ({ revision }) =>
      updates.push(revision),
    );
    const manager = new StaticProjectConfigManager({ datafile: makeDatafile() });
    const { processor, dispatcher } = makeHarness({
      projectConfigManager: manager,
      notificationCenter: center,
    });
    processor.recordConversion(CONVERSION);
    manager.setDatafile(makeDatafile());
    await settle();
    expect(dispatcher.attempts).to.equal(0);
    manager.setDatafile(makeDatafile({ revision: '8' }));
    await settle();
    expect(dispatcher.sent.map(params => params.revision)).to.deep.equal(['7']);
    processor.recordConversion(CONVERSION);
    await processor.forceFlush();
    expect(dispatcher.sent.map(params => params.revision)).to.deep.equal(['7', '8']);
    expect(causes).to.deep.equal(['revision', 'flush']);
    expect(updates).to.deep.equal(['7', '8']);
  });

  it('a path or an address in its place is told from a text that was cut, a page, and another file', () => {
    const { logger } = makeHarness({ datafile: './datafile.json' });
    expect(logger.at('error').join()).to.include('give its text, not where it lies');
    expect(logger.at('error').join()).not.to.include('./datafile.json');
    for (const text of [
      '{"version":"4',
      '<!doctype html><title>403</title>',
      '-----BEGIN CERTIFICATE-----\nMIIB\n',
      '',
    ]) {
      const { logger: other } = makeHarness({ datafile: text });
      expect(other.at('error').join()).to.include('not valid JSON').and.not.to.include('where it lies');
    }
  });

  it('a bad one leaves the good one before it in force', async () => {
    const manager = new StaticProjectConfigManager({ datafile: makeDatafile() });
    const { processor, dispatcher } = makeHarness({ projectConfigManager: manager });
    const notDatafiles = ['{"broken', Buffer.from('{}'), Promise.resolve('{}'), null, undefined, 7];
    for (const other of notDatafiles) expect(manager.setDatafile(other as Datafile)).to.equal(false);
    processor.recordConversion(CONVERSION);
    await processor.forceFlush();
    expect(dispatcher.sent[0]?.revision).to.equal('7');
  });

  describe('from a manager of one’s own', () => {
    it('is asked for at each event, with or without update notices', async () => {
      let datafile: Datafile = makeDatafile();
      const { processor, dispatcher } = makeHarness({ projectConfigManager: { getConfig: () => datafile } });
      processor.recordConversion(CONVERSION);
      datafile = JSON.stringify(makeDatafile({ revision: '8' }));
      processor.recordConversion(CONVERSION);
      await processor.forceFlush();
      expect(dispatcher.sent.map(params => params.revision)).to.deep.equal(['7', '8']);
    });

    it('with only account, project and revision is enough for explicit ids', async () => {
      const bare = { accountId: 'a', projectId: 'p', revision: '1' };
      const { processor, dispatcher } = makeHarness({ projectConfigManager: { getConfig: () => bare } });
      processor.recordImpression({
        userId: 'v',
        experimentId: '11',
        campaignId: '22',
        variationId: '33',
        variationKey: 'k',
      });
      processor.recordImpression({
        userId: 'v',
        ruleKey: 'any',
        experimentId: '11',
        variationId: 'not digits',
      });
      processor.recordImpression({ userId: 'v', campaignId: '22' });
      processor.recordConversion({ userId: 'v', eventKey: 'any', eventId: '44' });
      expect(processor.recordConversion({ userId: 'v', eventKey: 'any' })).to.equal(undefined);
      await processor.forceFlush();
      const decisions = dispatcher.visitors.map(({ snapshots }) => snapshots[0]?.decisions?.[0]);
      const ids = decisions.map(each => each && [each.campaign_id, each.experiment_id, each.variation_id]);
      expect(ids).to.deep.equal([['22', '11', '33'], ['11', '11', null], ['22', '', null], undefined]);
      expect(dispatcher.visitors[3]?.snapshots[0]?.events[0]?.entity_id).to.equal('44');
    });

    it('that throws, or brings something bad, does not harm the application', async () => {
      let bring: () => Datafile = () => {
        throw new Error('secret');
      };
      const manager: ProjectConfigManager = {
        getConfig: () => bring(),
        onUpdate: () => {
          throw new Error('secret');
        },
        stop: () => {
          throw new Error('secret');
        },
      };
      const { processor, dispatcher, logger } = makeHarness({ projectConfigManager: manager });
      processor.recordConversion(CONVERSION);
      bring = () => 'bad';
      processor.recordConversion(CONVERSION);
      bring = makeDatafile;
      processor.recordConversion(CONVERSION);
      bring = () => 'bad';
      processor.recordConversion(CONVERSION);
      await processor.shutdown();
      expect(dispatcher.visitors).to.have.length(4);
      expect(logger.at('error')).to.have.length(5);
      expect(JSON.stringify(logger.lines)).not.to.include('secret');
    });

    it('is no longer listened to, and is stopped, after shutdown', async () => {
      let listeners = 0;
      let stopped = 0;
      const { processor } = makeHarness({
        projectConfigManager: {
          getConfig: makeDatafile,
          onUpdate: () => {
            listeners++;
            return () => listeners--;
          },
          stop: () => stopped++,
        },
      });
      await processor.shutdown();
      expect([listeners, stopped]).to.deep.equal([0, 1]);
    });
  });

  it('says what type the rule of a decision is, as the official SDK does not tell', async () => {
    const holdouts = [{ id: '70', key: 'holdout', variations: [{ id: '701', key: 'off' }] }];
    const datafile = makeDatafile({ sendFlagDecisions: true, holdouts });
    const { processor, dispatcher } = makeHarness({ datafile });
    const decision = { userId: 'v', flagKey: 'checkout' };
    processor.recordImpression({ ...decision, ruleKey: 'checkout_test', variationKey: 'control' });
    processor.recordImpression({ ...decision, ruleKey: 'everyone', variationKey: 'control' });
    processor.recordImpression({ ...decision, ruleKey: 'holdout', variationKey: 'off', enabled: false });
    processor.recordImpression({ ...decision, ruleKey: null, variationKey: 'treatment' });
    processor.recordImpression({ ...decision, ruleKey: null, variationKey: null, enabled: false });
    processor.recordImpression({ userId: 'v', ruleKey: 'banner', variationKey: 'control' });
    expect(processor.recordImpression({ ...decision, ruleKey: 'unknown' })).to.equal(undefined);
    expect(
      processor.recordImpression({ ...decision, ruleKey: 'everyone', ruleType: 'feature-test' }),
    ).to.equal(undefined);
    await processor.forceFlush();
    const decisions = dispatcher.visitors.map(({ snapshots }) => snapshots[0]?.decisions?.[0]);
    expect(
      decisions.map(each => [each?.metadata.rule_type, each?.experiment_id, each?.variation_id]),
    ).to.deep.equal([
      ['feature-test', '200', '2001'],
      ['rollout', '910', '9101'],
      ['holdout', '70', '701'],
      ['feature-test', '', '2002'],
      ['rollout', '', null],
      ['experiment', '100', '1001'],
    ]);
  });

  it('a variation key that it does not know gives a null variation id, a counted warning, and a line with the key', async () => {
    const datafile = makeDatafile({ revision: '42' });
    const { processor, dispatcher, logger } = makeHarness({ datafile });
    for (let n = 0; n < 2; n++)
      processor.recordImpression({ userId: 'v', ruleKey: 'banner', variationKey: 'tretment' });
    processor.recordImpression({ userId: 'v', ruleKey: 'banner', variationKey: 'control' });
    await processor.forceFlush();
    expect(dispatcher.visitors[0]?.snapshots[0]?.decisions?.[0]?.variation_id).to.equal(null);
    expect(processor.ledger()).to.deep.include({ delivered: 3, warnings: { unknown_variation: 2 } });
    expect(logger.at('warn')).to.deep.equal([
      'impression is sent with a null variation id: variation key "tretment" of rule key "banner" is not in datafile revision 42',
    ]);
  });

  it('an event that it cannot resolve is logged with the key at fault and its revision, once a kind', () => {
    const { processor, logger } = makeHarness({ datafile: makeDatafile({ revision: '42' }) });
    for (let n = 0; n < 2; n++) processor.recordConversion({ userId: 'visitor', eventKey: 'purchse' });
    processor.recordImpression({ userId: 'visitor', flagKey: 'chekout', variationKey: 'treatment' });
    processor.recordImpression({
      userId: 'visitor',
      flagKey: 'checkout',
      ruleKey: 'tset',
      ruleType: 'feature-test',
    });
    processor.recordImpression({ userId: 'visitor', ruleKey: `a\n${'b'.repeat(1_000)}` });
    const lines = logger.at('warn').filter(line => line.includes(' dropped: '));
    expect(lines).to.deep.equal([
      'conversion dropped: event key "purchse" is not in datafile revision 42',
      'impression dropped: flag key "chekout" is not in datafile revision 42',
      'impression dropped: rule key "tset" of flag key "checkout" and rule type feature-test is not in datafile revision 42',
    ]);
    expect(processor.ledger().dropped).to.deep.equal({ unknown_key: 5 });
    expect(JSON.stringify(logger.lines)).not.to.include('visitor');
  });

  const unresolved: [string, object, { warn?: string; info?: string }][] = [
    [
      'a rule of an experiment without a flag',
      { ruleKey: 'baner' },
      { warn: 'rule key "baner" and rule type experiment is not in datafile revision 7' },
    ],
    [
      'a rule of a flag, of any type',
      { flagKey: 'checkout', ruleKey: 'tset' },
      { warn: 'rule key "tset" of flag key "checkout" is not in datafile revision 7' },
    ],
    [
      'a delivery rule, which is not to be sent',
      { flagKey: 'checkout', ruleKey: 'everyone' },
      {
        info: 'its rule type is rollout, and datafile revision 7 says not to send these (sendFlagDecisions)',
      },
    ],
  ];
  for (const [name, impression, { warn, info }] of unresolved) {
    it(`says why an impression is not sent, at the level that it deserves: ${name}`, () => {
      const { processor, logger } = makeHarness({ datafile: makeDatafile() });
      for (let n = 0; n < 2; n++) processor.recordImpression({ userId: 'v', ...impression });
      const lines = (level: 'warn' | 'info') =>
        logger.at(level).filter(line => line.startsWith('impression dropped: '));
      expect(lines('warn')).to.deep.equal(warn === undefined ? [] : [`impression dropped: ${warn}`]);
      expect(lines('info')).to.deep.equal(info === undefined ? [] : [`impression dropped: ${info}`]);
    });
  }

  for (const eventKey of ['someone@example.com', `a${'b'.repeat(1_000)}`, 'two\nlines']) {
    it(`what does not look like a key is not logged as one: ${eventKey.slice(0, 20)}`, () => {
      const { processor, logger } = makeHarness({ datafile: makeDatafile({ revision: '42' }) });
      processor.recordConversion({ userId: 'v', eventKey });
      expect(logger.at('warn').filter(line => line.includes(' dropped: '))).to.deep.equal([
        `conversion dropped: event key of ${eventKey.length} characters (not shown) is not in datafile revision 42`,
      ]);
    });
  }
});
