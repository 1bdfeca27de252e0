// SPDX-License-Identifier: Apache-2.0
import { expect } from 'chai';
import { BatchEventProcessor } from 'opentelemetry-exporter-optimizely';

import { makeUserEvent, RecordingDispatcher, RecordingLogger } from './support/fakes.js';
import { ManualRuntime, settle } from './support/manual-runtime.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** A destination whose answers have the time that `aheadMillis` says, by which this machine is ahead. */
function makeHarness(options: { endpoint?: string; requestTimeoutMillis?: number } = {}) {
  const [runtime, logger, dispatcher] = [
    new ManualRuntime(),
    new RecordingLogger(),
    new RecordingDispatcher(),
  ];
  const wall = { skewMillis: 0 };
  const answers = {
    aheadMillis: 0,
    header: (date: string): Record<string, string> | undefined => ({ date }),
  };
  dispatcher.answer = () => ({
    statusCode: 204,
    headers: answers.header(new Date(runtime.now() - answers.aheadMillis).toUTCString()),
  });
  const processor = new BatchEventProcessor({
    eventDispatcher: dispatcher,
    logger,
    runtime: { ...runtime, now: () => runtime.now() + wall.skewMillis },
    batchSize: 1,
    startOnInit: true,
    ...options,
  });
  const record = async () => {
    processor.process(makeUserEvent({ acceptedAt: runtime.monotonic() }));
    await settle();
  };
  return { processor, wall, runtime, logger, dispatcher, answers, record };
}

describe('the clock of this machine', () => {
  it('is not taken for another where an answer was long on its way, there or back', async () => {
    const { runtime, logger, dispatcher, processor } = makeHarness({ requestTimeoutMillis: 10 * MINUTE });
    for (const thereMillis of [5 * MINUTE, 0]) {
      dispatcher.answer = () =>
        new Promise(resolve => {
          let date = '';
          runtime.setTimer(() => {
            date = new Date(runtime.now()).toUTCString();
          }, thereMillis);
          runtime.setTimer(() => resolve({ statusCode: 204, headers: { date } }), 5 * MINUTE + 1);
        });
      processor.process(makeUserEvent({ acceptedAt: runtime.monotonic() }));
      await runtime.advance(6 * MINUTE);
    }
    expect(processor.ledger().delivered).to.equal(2);
    expect(logger.lines).to.deep.equal([]);
    await processor.stop();
  });

  for (const [aheadMillis, says] of [
    [
      5 * MINUTE,
      'is 300 s ahead of that of https://logx.optimizely.com/v1/events: events that are recorded here have wrong times',
    ],
    [
      -24 * HOUR,
      'is 86400 s behind that of https://logx.optimizely.com/v1/events: events that are recorded here have wrong times',
    ],
  ] as const) {
    it(`is told from that of the destination, ${aheadMillis / 1000} s ahead, once an hour`, async () => {
      const { runtime, logger, answers, record, processor } = makeHarness();
      answers.aheadMillis = aheadMillis;
      for (let second = 0; second < 10; second++) {
        await record();
        await runtime.advance(1_000);
      }
      expect(logger.at('warn')).to.have.length(1);
      expect(logger.at('warn')[0]).to.include(says);
      expect(processor.ledger()).to.deep.include({ delivered: 10, pending: 0 });
      await runtime.advance(HOUR);
      await record();
      expect(logger.at('warn')).to.have.length(2);
    });
  }

  it('may differ by less than a minute', async () => {
    const { runtime, logger, answers, record } = makeHarness();
    for (const aheadMillis of [0, 58_000, -58_000]) {
      answers.aheadMillis = aheadMillis;
      await record();
      await runtime.advance(1_000);
    }
    expect(logger.lines).to.deep.equal([]);
  });

  it('is looked at again: a clock that is set back while the process runs is noticed', async () => {
    const { runtime, logger, answers, record } = makeHarness();
    await record();
    answers.aheadMillis = -HOUR;
    await runtime.advance(1_000);
    await record();
    expect(logger.at('warn')).to.have.length(1).and.property('0').include('is 3600 s behind');
  });

  it('is not doubted for an answer that was long under way, as where the process was frozen meanwhile', async () => {
    const { runtime, wall, logger, dispatcher, record, processor } = makeHarness();
    dispatcher.answer = async () => {
      const date = new Date(runtime.now()).toUTCString();
      await new Promise<void>(resolve => void runtime.setTimer(resolve, 9_000));
      wall.skewMillis = 10 * MINUTE;
      return { statusCode: 204, headers: { date } };
    };
    await record();
    await runtime.advance(9_000);
    expect(processor.ledger().delivered).to.equal(1);
    expect(logger.lines).to.deep.equal([]);
  });

  it('is the one that an endpoint on this machine has: what differs there is a clock that a test has set', async () => {
    for (const endpoint of [
      'http://127.0.0.1:4319/v1/events',
      'http://localhost/v1/events',
      'http://[::1]:1/',
    ]) {
      const { logger, answers, record } = makeHarness({ endpoint });
      answers.aheadMillis = 24 * HOUR;
      await record();
      expect(logger.lines).to.deep.equal([]);
    }
  });

  it('is read from headers of any kind, and what is no date, or cannot be read, harms nothing', async () => {
    const late = new Date(0).toUTCString();
    const unreadable = new Proxy(
      {},
      {
        get: () => {
          throw new Error('unreadable');
        },
        ownKeys: () => {
          throw new Error('unreadable');
        },
      },
    );
    const cases: [headers: unknown, isRead: boolean][] = [
      [{ Date: late }, true],
      [new Headers({ date: late }), true],
      [undefined, false],
      [{}, false],
      [{ date: 'yesterday' }, false],
      [{ date: 7 }, false],
      [{ date: [late] }, false],
      [unreadable, false],
    ];
    for (const [headers, isRead] of cases) {
      const { logger, dispatcher, record, processor } = makeHarness();
      dispatcher.answer = () => ({ statusCode: 204, headers: headers as Record<string, string> });
      await record();
      expect(logger.at('warn')).to.have.length(isRead ? 1 : 0);
      expect(processor.ledger()).to.deep.include({ delivered: 1, pending: 0 });
    }
  });
});
