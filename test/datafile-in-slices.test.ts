// SPDX-License-Identifier: Apache-2.0
import { expect } from 'chai';
import fc from 'fast-check';
import {
  type DatafileCache,
  type DatafileIndex,
  NotificationCenter,
  NotificationType,
  OptimizelySpanProcessor,
  PollingProjectConfigManager,
  StaticProjectConfigManager,
} from 'opentelemetry-exporter-optimizely';
import type { Runtime, RuntimeTimer } from 'opentelemetry-exporter-optimizely/testing';
import { parseJsonInSteps } from '../src/datafile/json-in-steps.js';
import { runAtOnce } from '../src/util/steps.js';
import { arbitraryDatafile, EVENT_KEYS, type TestDatafile } from './support/arbitrary-datafile.js';
import { makeDatafile } from './support/datafile.js';
import { revision, send, startDatafileServer } from './support/datafile-server.js';
import { RecordingDispatcher, RecordingLogger } from './support/fakes.js';
import type { Behavior } from './support/hostile-server.js';
import { ManualRuntime, settle } from './support/manual-runtime.js';

const opened: (() => unknown)[] = [];

const LARGE = { events: manyOf('event'), attributes: manyOf('attribute') };

function manyOf(what: string) {
  const many = Array.from({ length: 3_000 }, (_, index) => ({ id: `${index}`, key: `${what} ${index}` }));
  return [{ id: '300', key: 'purchase' }, ...many];
}

/** Each reading of the clock finds a millisecond gone, and slices run when the test says so. */
class SlowRuntime implements Runtime {
  readonly #manual = new ManualRuntime();
  readonly slices: (() => void)[] = [];
  readonly #waiting: { count: number; resolve: () => void }[] = [];
  #readings = 0;
  readonly now = this.#manual.now;
  readonly random = this.#manual.random;
  readonly uuid = this.#manual.uuid;

  readonly monotonic = () => this.#manual.monotonic() + this.#readings++;

  readonly setTimer = (callback: () => void, millis: number): RuntimeTimer => {
    if (millis !== 1) return this.#manual.setTimer(callback, millis);
    this.slices.push(callback);
    for (const { count, resolve } of this.#waiting) if (this.slices.length >= count) resolve();
    return {
      clear: () => {
        if (this.slices.includes(callback)) this.slices.splice(this.slices.indexOf(callback), 1);
      },
      ref() {},
    };
  };

  /** Waits until so many datafiles wait for their next slice. */
  waiting(count: number): Promise<void> {
    return new Promise(resolve => {
      if (this.slices.length >= count) resolve();
      else this.#waiting.push({ count, resolve });
    });
  }

  /** Runs what waits first, or last, to its end. @returns in how many slices */
  async finish(which: 'first' | 'last' = 'first'): Promise<number> {
    const others = which === 'first' ? this.slices.splice(1) : this.slices.splice(0, this.slices.length - 1);
    let count = 0;
    for (let slice = this.slices.shift(); slice !== undefined; slice = this.slices.shift()) {
      slice();
      count++;
    }
    this.slices.push(...others);
    await settle();
    return count;
  }
}

async function makePolling(script: readonly Behavior[], options: { cache?: DatafileCache } = {}) {
  const server = await startDatafileServer(...script);
  const runtime = new SlowRuntime();
  const logger = new RecordingLogger();
  const manager = new PollingProjectConfigManager({
    ...{ sdkKey: 'key', urlTemplate: server.urlTemplate, runtime, logger },
    ...options,
  });
  const updates: (string | undefined)[] = [];
  const revisionInForce = () => manager.getConfig()?.context.revision;
  manager.onUpdate(() => updates.push(revisionInForce()));
  opened.push(async () => {
    await manager.stop();
    await server.close();
  });
  return { manager, runtime, logger, updates, revisionInForce };
}

const large = (name: string) => revision(name, { members: LARGE });
const largeText = (name: string) => JSON.stringify(makeDatafile({ revision: name, ...LARGE }));

describe('a datafile that is polled', () => {
  afterEach(async () => {
    for (const close of opened.splice(0)) await close();
  });

  it('is prepared in several turns of the event loop, while events are resolved by the one before it', async () => {
    const { manager, runtime, updates, revisionInForce } = await makePolling([large('7'), large('8')]);
    const dispatcher = new RecordingDispatcher();
    const notificationCenter = new NotificationCenter();
    const causes: string[] = [];
    notificationCenter.addNotificationListener(NotificationType.LOG_EVENT, (_, { cause }) =>
      causes.push(cause),
    );
    const processor = new OptimizelySpanProcessor({
      ...{ projectConfigManager: manager, eventDispatcher: dispatcher, notificationCenter, runtime },
    });
    opened.unshift(() => processor.shutdown());
    const record = (userId: string) => processor.recordConversion({ userId, eventKey: 'purchase' });

    await runtime.waiting(1);
    expect(revisionInForce()).to.equal(undefined);
    record('before the first');
    expect(await runtime.finish()).to.be.at.least(5);
    expect(revisionInForce()).to.equal('7');

    const checked = manager.checkNow();
    await runtime.waiting(1);
    record('while the second is prepared');
    await settle();
    expect(revisionInForce()).to.equal('7');
    expect(dispatcher.sent).to.have.length(0);
    expect(await runtime.finish()).to.be.at.least(5);
    expect(await checked).to.equal(true);
    expect(updates).to.deep.equal(['7', '8']);
    // A new revision sends what was batched under the old one when it comes into force, and not before.
    expect(causes).to.deep.equal(['revision']);
    expect(dispatcher.sent.map(({ revision, visitors }) => [revision, visitors.length])).to.deep.equal([
      ['7', 2],
    ]);
  });

  it('does not come into force where the manager is stopped while it is prepared', async () => {
    const { manager, runtime, logger, revisionInForce } = await makePolling([large('7'), large('8')]);
    await runtime.waiting(1);
    await runtime.finish();
    const checked = manager.checkNow();
    await runtime.waiting(1);
    await manager.stop();
    expect(runtime.slices, 'nothing is left to do').to.have.length(0);
    expect(await checked).to.equal(false);
    expect(revisionInForce()).to.equal('7');
    expect(logger.lines).to.deep.equal([]);
  });

  for (const [order, expected] of [
    ['first', ['1', '7']],
    ['last', ['7']],
  ] as const) {
    it(`is not replaced by the older one of the cache (which is prepared ${order})`, async () => {
      const cache = { get: async () => largeText('1'), set() {} };
      const { runtime, updates } = await makePolling([large('7')], { cache });
      await runtime.waiting(2);
      await runtime.finish(order);
      await runtime.finish();
      expect(updates).to.deep.equal(expected);
    });
  }

  it('leaves the one before it in force where its end is not JSON, said once', async () => {
    const broken = `${largeText('8').slice(0, -1)},}`;
    const { manager, runtime, logger, revisionInForce } = await makePolling([
      large('7'),
      send(200, {}, broken),
      send(200, {}, broken),
    ]);
    await runtime.waiting(1);
    await runtime.finish();
    const checked = manager.checkNow();
    await runtime.waiting(1);
    await runtime.finish();
    expect(await checked).to.equal(false);
    expect(await manager.checkNow(), 'the same again is not even read').to.equal(false);
    expect(revisionInForce()).to.equal('7');
    expect(logger.at('error')).to.have.length(1);
    expect(logger.at('error')[0]).to.match(
      /^what comes from http:\/\/127.0.0.1:\d+\/datafiles\/key.json cannot be used: the datafile is not valid JSON; the one before it stays in force$/,
    );
  });
});

describe('the text of a datafile', () => {
  const keys = (...lists: (readonly { key: string }[] | undefined)[]) =>
    lists.flatMap(list => (list ?? []).map(({ key }) => key));

  function lookUpAll(index: DatafileIndex | undefined, datafile: TestDatafile) {
    if (index === undefined) return undefined;
    const groups = datafile.groups?.flatMap(({ experiments }) => experiments) ?? [];
    const rollouts = datafile.rollouts?.flatMap(({ experiments }) => experiments) ?? [];
    const rules = [
      datafile.experiments,
      groups,
      rollouts,
      datafile.holdouts ?? [],
      datafile.localHoldouts ?? [],
    ].flat();
    const ruleKeys = new Set([...keys(rules), 'unknown']);
    const variationKeys = new Set([...keys(...rules.map(({ variations }) => variations)), 'unknown']);
    const plain = (rule: ReturnType<DatafileIndex['findRuleById']>) =>
      rule && {
        id: rule.id,
        campaignId: rule.campaignId,
        variationIds: Object.fromEntries(rule.variationIds),
      };
    return {
      ...{ context: index.context, sendFlagDecisions: index.sendFlagDecisions },
      flags: ['', 'unknown', ...keys(datafile.featureFlags)].map(flag => [
        ...[flag, index.hasFlag(flag)],
        [...ruleKeys].map(rule =>
          (['experiment', 'feature-test', 'rollout', 'holdout'] as const).map(type =>
            plain(index.findRule(type, flag, rule)),
          ),
        ),
        [...variationKeys].map(key => [index.findFlagVariationId(flag, key), index.inferRule(flag, key)]),
      ]),
      rules: rules.map(({ id }) => plain(index.findRuleById(id))),
      events: EVENT_KEYS.map(key => index.findEventId(key)),
      attributes: [...keys(datafile.attributes), 'unknown'].map(key => index.attributeOpening(key)),
    };
  }

  it('is read as the object that it holds is', () => {
    fc.assert(
      fc.property(arbitraryDatafile(), fc.jsonValue(), fc.constantFrom(0, 1), (datafile, other, indent) => {
        const content = { ...datafile, typedAudiences: [other], variables: other };
        const logger = new RecordingLogger();
        const [fromText, fromObject] = [
          new StaticProjectConfigManager({ logger }),
          new StaticProjectConfigManager({ logger }),
        ];
        expect(fromText.setDatafile(JSON.stringify(content, null, indent))).to.equal(true);
        expect(fromObject.setDatafile(content)).to.equal(true);
        expect(lookUpAll(fromText.getConfig(), datafile)).to.deep.equal(
          lookUpAll(fromObject.getConfig(), datafile),
        );
        let updates = 0;
        fromText.onUpdate(() => updates++);
        expect(fromText.setDatafile(structuredClone(content))).to.equal(true);
        expect(updates, 'the same content').to.equal(0);
        fromText.setDatafile({ ...content, variables: [other, 'more'] });
        expect(updates, 'another content').to.equal(1);
      }),
      { numRuns: 150 },
    );
  });
});

describe('JSON that is parsed in steps', () => {
  const outcomeOf = (parse: () => unknown) => {
    try {
      return { value: parse() };
    } catch (error) {
      return { error: (error as Error).name };
    }
  };
  const expectSame = (text: string, charactersAStep: number) => {
    const [ours, theirs] = [
      outcomeOf(() => runAtOnce(parseJsonInSteps(text, { charactersAStep }))),
      outcomeOf(() => JSON.parse(text)),
    ];
    expect(ours, text).to.deep.equal(theirs);
    if ('value' in ours)
      expect(JSON.stringify(ours.value), 'the order of members').to.equal(JSON.stringify(theirs.value));
  };

  const odd = [
    ...[
      '',
      ' ',
      '{',
      '}',
      '{}',
      ' { } ',
      '{}{}',
      '{},',
      '{}x',
      '[]',
      '[1]',
      'null',
      '7',
      '"a"',
      'tru',
      '{{}}',
      '{[]}',
    ],
    ...[
      '{"a"}',
      '{"a":}',
      '{"a":1,}',
      '{,}',
      '{,"a":1}',
      '{"a" 1}',
      '{"a":1 "b":2}',
      '{"a":1,"b"}',
      '{1:2}',
      '{["a"]:1}',
    ],
    ...[
      '{"a":[}',
      '{"a":[1}',
      '{"a":[1,]}',
      '{"a":[,]}',
      '{"a":[,1]}',
      '{"a":[1,,2]}',
      '{"a":[1 2]}',
      '{"a":[]]}',
      '{"a":[1],}',
    ],
    ...[
      '{"a":[1, ,2]}',
      '{"a":[ ]}',
      '{"a":[ 1 , 2 ]}',
      '{"a":[1,2,\u00a0]}',
      '{"a":[[1,[2,]]]}',
      '{"a":[{"b":[1}]}',
      '{"a":{"b":[1}]}',
    ],
    ...[
      '{"a":1,"a":2,"b":3,"a":[4]}',
      '{"a":[1],"a":{}}',
      '{"b":1,"2":1,"1":1}',
      '{"__proto__":[1],"constructor":2}',
      '{"\\u0061":[1]}',
    ],
    ...[
      '{"a":["]"]}',
      '{"a":["\\""]}',
      '{"a":["\\\\"],"b":"\\\\"}',
      '{"a":["\\"]}',
      '{"a":"\n"}',
      '{"a":["\t"]}',
      '{"a\\":[1]}',
      '{"a":"',
    ],
    ...[
      '{"a":1e400,"b":-0,"c":[1e-400,123456789012345678901234567890]}',
      '{"a":[01]}',
      '{"a":+1}',
      '{"a":.5}',
      '{"a":[1.]}',
      '{"a":NaN}',
    ],
    ...['\ufeff{}', '{\ufeff}', '{"a":1}\ufeff', '{"a":1}\u0000', '/**/{}', "{'a':1}", '{"a":["\ud800"]}'],
  ];

  it('is what JSON.parse makes of it, odd texts included', () => {
    for (const text of odd)
      for (const characters of [1, 3, 65_536]) expectSame(text.replace(/^\ufeff/, ''), characters);
  });

  it('may begin with a byte order mark', () => {
    expect(runAtOnce(parseJsonInSteps('\ufeff {"a":[1]}'))).to.deep.equal({ a: [1] });
  });

  it('is what JSON.parse makes of it, over random objects, layouts, and damages', () => {
    const lists = fc.dictionary(fc.string(), fc.oneof(fc.array(fc.jsonValue()), fc.jsonValue()));
    const damage = fc.option(
      fc.record({
        at: fc.nat(400),
        length: fc.nat(2),
        text: fc.constantFrom('', ',', '"', '\\', ']', '}', '[', '{', ':', ' '),
      }),
    );
    fc.assert(
      fc.property(
        lists,
        fc.constantFrom(0, 1, '\t'),
        damage,
        fc.integer({ min: 1, max: 40 }),
        (object, indent, damaged, characters) => {
          const text = JSON.stringify(object, null, indent);
          if (damaged === null) return expectSame(text, characters);
          const at = damaged.at % (text.length + 1);
          expectSame(text.slice(0, at) + damaged.text + text.slice(at + damaged.length), characters);
        },
      ),
      { numRuns: 2_000 },
    );
  });

  it('is given to who keeps a part of it, each item once and in order', () => {
    const text = JSON.stringify({
      list: Array.from({ length: 50 }, (_, n) => n),
      other: { a: [1] },
      empty: [],
    });
    const seen: unknown[] = [];
    const reader = {
      value: (name: string, value: unknown) => void seen.push([name, value]),
      items(name: string, items: readonly unknown[]) {
        seen.push(...items);
        return name === 'list' ? items.filter(item => (item as number) % 10 === 0) : items;
      },
    };
    const parsed = runAtOnce(parseJsonInSteps(text, { reader, charactersAStep: 7 }));
    expect(parsed).to.deep.equal({ list: [0, 10, 20, 30, 40], other: { a: [1] }, empty: [] });
    expect(seen).to.deep.equal([...Array.from({ length: 50 }, (_, n) => n), ['other', { a: [1] }]]);
  });
});
