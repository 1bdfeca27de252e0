// SPDX-License-Identifier: Apache-2.0
import { expect } from 'chai';
import {
  type Datafile,
  NotificationCenter,
  NotificationType,
  OptimizelySpanProcessor,
  type ProjectConfigManager,
  StaticProjectConfigManager,
} from 'opentelemetry-exporter-optimizely';
import { PreparedDatafiles } from '../src/datafile/prepared-datafiles.js';
import { makeDatafile } from './support/datafile.js';
import { makeUserEvent, RecordingDispatcher, RecordingLogger } from './support/fakes.js';
import { ManualRuntime, settle } from './support/manual-runtime.js';

const CHECK_MILLIS = 1_000;

describe('a projectConfigManager of the application', () => {
  const made: OptimizelySpanProcessor[] = [];

  afterEach(async () => {
    for (const processor of made.splice(0)) void processor.shutdown();
    await settle();
  });

  /** Counts how often the lists of its datafile are walked through, which is what makes indexing slow. */
  function countingDatafile(overrides: Record<string, unknown> = {}) {
    const counted = { indexed: 0 };
    const make = () => {
      const datafile = makeDatafile(overrides);
      const events = datafile.events as object[];
      const filter = events.filter.bind(events);
      Object.defineProperty(events, 'filter', {
        value: (...args: Parameters<typeof filter>) => {
          counted.indexed++;
          return filter(...args);
        },
      });
      return datafile;
    };
    return { counted, make };
  }

  function make(getConfig: () => unknown, manager: Partial<ProjectConfigManager> = {}) {
    const [dispatcher, logger, runtime] = [
      new RecordingDispatcher(),
      new RecordingLogger(),
      new ManualRuntime(),
    ];
    const notificationCenter = new NotificationCenter();
    const updates: string[] = [];
    notificationCenter.addNotificationListener(NotificationType.OPTIMIZELY_CONFIG_UPDATE, ({ revision }) =>
      updates.push(revision),
    );
    const processor = new OptimizelySpanProcessor({
      projectConfigManager: { getConfig: getConfig as ProjectConfigManager['getConfig'], ...manager },
      eventDispatcher: dispatcher,
      notificationCenter,
      logger,
      runtime,
      batchSize: 1_000,
    });
    made.push(processor);
    const record = (eventKey = 'purchase') => processor.recordConversion({ userId: 'v', eventKey });
    const eventIds = () =>
      dispatcher.visitors.map(({ snapshots }) => snapshots[0]?.events[0]?.entity_id ?? null);
    return { processor, dispatcher, logger, runtime, record, updates, eventIds };
  }

  const freshly: [string, (make: () => object) => () => unknown][] = [
    ['an object', make => make],
    ['a frozen object', make => () => Object.freeze(make())],
    ['a null-prototype object', make => () => Object.assign(Object.create(null), make())],
    ['a Proxy', make => () => new Proxy(make(), {})],
  ];
  for (const [name, of] of freshly) {
    it(`that makes its datafile anew for each event, as ${name}, has it indexed once`, async () => {
      const { counted, make: fresh } = countingDatafile();
      const { processor, dispatcher, logger, runtime, record, updates } = make(of(fresh));
      for (let n = 0; n < 50; n++) {
        record();
        await runtime.advance(100);
      }
      expect(counted.indexed).to.equal(1);
      expect(logger.lines.filter(({ level }) => level !== 'debug')).to.deep.equal([]);
      await processor.forceFlush();
      expect(dispatcher.sent.map(({ visitors }) => visitors.length)).to.deep.equal([50]);
      expect(updates).to.deep.equal(['7']);
    });
  }

  it('that reads its text anew for each event closes no batch and tells no update', async () => {
    const { processor, dispatcher, record, updates } = make(() =>
      Buffer.from(JSON.stringify(makeDatafile())).toString(),
    );
    for (let n = 0; n < 5; n++) record();
    await processor.forceFlush();
    expect(dispatcher.sent.map(({ visitors }) => visitors.length)).to.deep.equal([5]);
    expect(updates).to.deep.equal(['7']);
  });

  it('may change its datafile behind the same revision: noticed at once by the length of a list', () => {
    let events = [{ id: '300', key: 'purchase' }];
    const { record } = make(() => makeDatafile({ events }));
    expect(record('signup')).to.equal(undefined);
    events = [...events, { id: '301', key: 'signup' }];
    expect(record('signup')).to.be.a('string');
  });

  it('may change its datafile behind the same revision: noticed within a second whatever changed', async () => {
    let id = '300';
    const { processor, runtime, record, eventIds } = make(() =>
      makeDatafile({ events: [{ id, key: 'purchase' }] }),
    );
    record();
    await runtime.advance(CHECK_MILLIS - 1);
    record();
    id = '999';
    await runtime.advance(1);
    record();
    await processor.forceFlush();
    expect(eventIds()).to.deep.equal(['300', '300', '999']);
  });

  it('may change its object in place, which is noticed and said once', async () => {
    const event = { id: '300', key: 'purchase' };
    const datafile = makeDatafile({ events: [event] });
    const { processor, runtime, logger, record, eventIds, updates } = make(() => datafile);
    record();
    for (const id of ['301', '302']) {
      event.id = id;
      await runtime.advance(CHECK_MILLIS);
      record();
    }
    datafile.revision = '8';
    record();
    await processor.forceFlush();
    expect(eventIds()).to.deep.equal(['300', '301', '302', '302']);
    expect(updates).to.deep.equal(['7', '8']);
    expect(logger.at('info').filter(line => line.includes('in place'))).to.have.length(1);
  });

  it('may go back and forth between two datafiles: each event has the one of its moment, each is indexed once', async () => {
    const [odd, even] = [countingDatafile(), countingDatafile({ revision: '8' })];
    let turn = 0;
    const { processor, dispatcher, logger, record } = make(() => (++turn % 2 ? odd : even).make());
    for (let n = 0; n < 6; n++) record();
    await processor.forceFlush();
    const revisions = dispatcher.sent.map(({ revision }) => revision);
    expect(revisions).to.deep.equal(['8', '7', '8', '7', '8', '7']);
    expect([odd.counted.indexed, even.counted.indexed]).to.deep.equal([1, 1]);
    expect(logger.at('info')).to.have.length(1);
  });

  const failures: [string, () => unknown, RegExp][] = [
    ['an object that is no datafile', () => ({ n: 1 }), /version|accountId/],
    ['another such object each time', (n => () => ({ n: n++ }))(0), /accountId/],
    [
      'text that is not JSON, another each time',
      (
        n => () =>
          `{"n":${n++}`
      )(0),
      /not valid JSON/,
    ],
    ['a list', () => [], /datafile must be/],
    ['bytes', () => Buffer.from('{}'), /datafile must be/],
    ['a number', () => 7, /datafile must be/],
    ['a promise', () => Promise.resolve(makeDatafile()), /returned a promise/],
    ['a promise that rejects', () => Promise.reject(new Error('secret')), /returned a promise/],
    [
      'a DatafileIndex without context',
      () => ({ attributeOpening: () => undefined }),
      /neither a datafile nor/,
    ],
    [
      'an object whose getters throw',
      () =>
        Object.defineProperty(makeDatafile(), 'revision', {
          get: () => {
            throw new Error('secret');
          },
        }),
      /cannot be read/,
    ],
    [
      'a Proxy whose traps throw',
      () =>
        new Proxy(
          {},
          {
            get: () => {
              throw new Error('secret');
            },
            has: () => {
              throw new Error('secret');
            },
          },
        ),
      /getConfig failed|cannot be read/,
    ],
    [
      'a throw',
      () => {
        throw new Error('secret');
      },
      /getConfig failed/,
    ],
  ];
  for (const [name, bring, message] of failures) {
    it(`that brings ${name} is told once, and leaves the datafile before it in force`, async () => {
      let bad = false;
      const { processor, logger, runtime, record, dispatcher } = make(() => (bad ? bring() : makeDatafile()));
      record();
      bad = true;
      for (let n = 0; n < 20; n++) {
        record();
        await runtime.advance(500);
      }
      bad = false;
      record();
      await processor.forceFlush();
      expect(dispatcher.visitors).to.have.length(22);
      const told = logger.at('error').filter(line => message.test(line));
      expect(told).to.have.length(1);
      expect(logger.at('error').length).to.be.below(3);
      expect(JSON.stringify(logger.lines)).not.to.include('secret');
    });
  }

  for (const how of ['forceFlush', 'shutdown'] as const) {
    for (const [what, first] of [
      ['what is queued', 204],
      ['what failed before', 401],
    ] as const) {
      it(`whose datafile does not come takes no time of a ${how} from ${what}`, async () => {
        const never = () => new Promise<never>(() => {});
        const { processor, dispatcher, runtime, record } = make(() => undefined, { onReady: never });
        dispatcher.answer = attempt =>
          new Promise(resolve => {
            const statusCode = attempt === 1 ? first : 204;
            runtime.setTimer(() => resolve({ statusCode }), 4_000);
          });
        processor.process(makeUserEvent({ acceptedAt: runtime.monotonic() }));
        if (first === 401) {
          await runtime.advance(35_000);
          expect(dispatcher.attempts).to.equal(1);
        }
        record();
        const ended = processor[how]();
        await runtime.advance(5_200);
        await ended;
        const end = how === 'shutdown' ? { dropped: { no_datafile: 1 }, pending: 0 } : { pending: 1 };
        expect(processor.ledger()).to.deep.include({ delivered: 1, ...end });
      });
    }
  }

  for (const how of ['forceFlush', 'shutdown'] as const) {
    it(`whose datafile does not come, and whose stop() does not end, leaves a ${how} its limit beside a dispatcher that hangs`, async () => {
      const never = () => new Promise<never>(() => {});
      const { processor, dispatcher, runtime, record } = make(() => undefined, {
        onReady: never,
        stop: never,
      });
      dispatcher.answer = never;
      processor.process(makeUserEvent({ acceptedAt: runtime.monotonic() }));
      record();
      let isOver = false;
      void processor[how]().then(() => {
        isOver = true;
      });
      await runtime.advance(4_900);
      expect(isOver).to.equal(false);
      await runtime.advance(400);
      expect(isOver).to.equal(true);
    });
  }

  it('whose datafile does not come has what fails retried in a hurry during a flush, and no longer', async () => {
    const never = () => new Promise<never>(() => {});
    const { processor, dispatcher, runtime, record } = make(() => undefined, { onReady: never });
    dispatcher.answer = () => ({ statusCode: 503 });
    processor.process(makeUserEvent({ acceptedAt: runtime.monotonic() }));
    record();
    const attemptsIn = async (millis: number) => {
      const before = dispatcher.attempts;
      await runtime.advance(millis);
      return dispatcher.attempts - before;
    };
    const flushed = processor.forceFlush();
    const hurried = await attemptsIn(5_100);
    await flushed;
    expect(hurried).to.be.at.least(3);
    await runtime.advance(60_000);
    expect(await attemptsIn(60_000)).to.be.at.most(hurried);
  });

  it('that has no datafile for a while leaves the one before it in force, and that is told once', async () => {
    for (const nothing of [null, undefined]) {
      let has = true;
      const { processor, logger, record, dispatcher } = make(() => (has ? makeDatafile() : nothing));
      record();
      has = false;
      for (let n = 0; n < 5; n++) record();
      has = true;
      record();
      await processor.forceFlush();
      expect(dispatcher.visitors).to.have.length(7);
      expect(logger.at('warn')).to.deep.equal([
        'projectConfigManager.getConfig returned no datafile; revision 7 stays in force',
      ]);
    }
  });

  it('that records an event while it is asked for its datafile harms nothing', async () => {
    let processor: OptimizelySpanProcessor | undefined;
    let asked = 0;
    const harness = make(() => {
      if (++asked < 50) processor?.recordConversion({ userId: 'v', eventKey: 'purchase' });
      return makeDatafile();
    });
    processor = harness.processor;
    harness.record();
    await processor.forceFlush();
    expect(processor.ledger()).to.deep.include({ pending: 0, dropped: {} });
    expect(processor.ledger().delivered).to.equal(processor.ledger().recorded);
  });

  it('may give text, an object, and the same text again: each is in force in its turn', () => {
    const text = JSON.stringify(makeDatafile({ revision: '7' }));
    const given = [text, makeDatafile({ revision: '8' }), text, text];
    let at = 0;
    const { record, updates } = make(() => given[at]);
    for (; at < given.length; at++) record();
    expect(updates).to.deep.equal(['7', '8', '7']);
  });

  it('hears at the shutdown that it need not tell of updates any more', async () => {
    let undone = 0;
    const onUpdate = () => () => void undone++;
    const { processor } = make(() => makeDatafile(), { onUpdate });
    await processor.forceFlush();
    expect(undone).to.equal(0);
    await processor.shutdown();
    expect(undone).to.equal(1);
  });

  it('whose other methods throw, reject or never settle is told once a method', async () => {
    const fails: (() => unknown)[] = [
      () => {
        throw new Error('secret');
      },
      () => Promise.reject(new Error('secret')),
      // biome-ignore lint/suspicious/noThenProperty: what a promise library of the application may do
      () => ({ then: (_: unknown, reject: (error: Error) => void) => reject(new Error('secret')) }),
    ];
    for (const fail of fails) {
      const { processor, logger, record } = make(() => undefined, {
        onUpdate: fail,
        onReady: fail as () => Promise<unknown>,
        stop: fail,
      });
      record();
      await processor.forceFlush();
      await processor.shutdown();
      await settle();
      for (const method of ['onUpdate', 'onReady', 'stop']) {
        expect(logger.at('error').filter(line => line.includes(`.${method} failed`))).to.have.length(1);
      }
      expect(JSON.stringify(logger.lines)).not.to.include('secret');
    }
  });
});

describe('the same datafile again', () => {
  it('as text, as object or laid out otherwise, calls no onUpdate listener of StaticProjectConfigManager', () => {
    const manager = new StaticProjectConfigManager({ datafile: makeDatafile() });
    let updates = 0;
    manager.onUpdate(() => updates++);
    const inForce = manager.getConfig();
    const again: Datafile[] = [
      makeDatafile(),
      JSON.stringify(makeDatafile()),
      JSON.stringify(makeDatafile(), null, 2),
      `\ufeff${JSON.stringify(makeDatafile())}`,
    ];
    for (const datafile of again) expect(manager.setDatafile(datafile)).to.equal(true);
    expect([updates, manager.getConfig() === inForce]).to.deep.equal([0, true]);
    expect(manager.setDatafile(makeDatafile({ events: [] })), 'the same revision, another content').to.equal(
      true,
    );
    expect([updates, manager.getConfig() === inForce]).to.deep.equal([1, false]);
  });

  it('that nests too deep to be written as JSON is known by its characters', () => {
    const nested = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
    const datafile = JSON.stringify(makeDatafile()).replace('{', `{"nested":${nested},`);
    const manager = new StaticProjectConfigManager({ datafile });
    let updates = 0;
    manager.onUpdate(() => updates++);
    manager.setDatafile(`${datafile}`);
    expect([updates, manager.getConfig()?.context.revision]).to.deep.equal([0, '7']);
    manager.setDatafile(datafile.replace('purchase', 'signup'));
    expect([updates, manager.getConfig()?.findEventId('signup')]).to.deep.equal([1, '300']);
  });

  it('after one that could not be used is in force still, and is not told', () => {
    const manager = new StaticProjectConfigManager({ datafile: makeDatafile() });
    let updates = 0;
    manager.onUpdate(() => updates++);
    expect(manager.setDatafile('{')).to.equal(false);
    expect(manager.setDatafile(makeDatafile())).to.equal(true);
    expect(updates).to.equal(0);
  });

  it('is another one where an item of a list stands in the next list', () => {
    const manager = new StaticProjectConfigManager();
    const updates: (string | undefined)[] = [];
    manager.onUpdate(() => updates.push(manager.getConfig()?.findEventId('b')));
    const [a, b] = ['a', 'b'].map(key => ({ id: key, key }));
    const { attributes: _, events: __, ...rest } = makeDatafile();
    for (const lists of [
      { attributes: [a], events: [b] },
      { attributes: [a, b], events: [] },
    ]) {
      for (const datafile of [{ ...rest, ...lists }, JSON.stringify({ ...rest, ...lists })]) {
        expect(manager.setDatafile(datafile)).to.equal(true);
      }
    }
    expect(updates).to.deep.equal(['b', undefined]);
  });

  it('that was changed in place since is another one', () => {
    const datafile = makeDatafile();
    const manager = new StaticProjectConfigManager({ datafile });
    let updates = 0;
    manager.onUpdate(() => updates++);
    (datafile.events as object[]).push({ id: '301', key: 'signup' });
    manager.setDatafile(datafile);
    expect([updates, manager.getConfig()?.findEventId('signup')]).to.deep.equal([1, '301']);
  });
});

describe('datafiles that a manager makes anew', () => {
  /** Comparing the whole content takes so long, on a clock that moves with it alone. */
  function makePrepared(comparingMillis = 0) {
    const state = { now: 0, compared: 0 };
    const prepared = new PreparedDatafiles({ monotonic: () => state.now }, () => {});
    const make = (revision: string) => ({
      ...makeDatafile({ revision }),
      note: {
        toJSON() {
          state.compared++;
          state.now += comparingMillis;
          return revision;
        },
      },
    });
    return { state, prepare: (revision: string) => prepared.prepare(make(revision)) };
  }

  it('are compared for a hundredth of the time at most, and once a second', () => {
    for (const [comparingMillis, pause] of [
      [1, 1_000],
      [50, 5_000],
    ] as const) {
      const { state, prepare } = makePrepared(comparingMillis);
      const index = prepare('7');
      const comparisons = () => {
        const before = state.compared;
        expect(prepare('7')).to.equal(index);
        return state.compared - before;
      };
      for (let round = 0; round < 3; round++) {
        state.now += pause - 1;
        expect(comparisons()).to.equal(0);
        state.now += 1;
        expect(comparisons()).to.equal(1);
      }
    }
  });

  it('are forgotten by when they were used last', () => {
    const { prepare } = makePrepared();
    const [first, second] = [prepare('1'), prepare('2')];
    expect(prepare('1')).to.equal(first);
    prepare('3');
    expect(prepare('1')).to.equal(first);
    expect(prepare('2')).not.to.equal(second);
  });
});
