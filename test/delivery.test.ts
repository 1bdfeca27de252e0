// SPDX-License-Identifier: Apache-2.0
import { runInNewContext } from 'node:vm';
import { expect } from 'chai';
import fc from 'fast-check';
import {
  type AnyEventDispatcher,
  BatchEventProcessor,
  type BatchEventProcessorOptions,
  type EventDispatcher,
  NotificationCenter,
  NotificationType,
  OptimizelyEventExporter,
} from 'opentelemetry-exporter-optimizely';
import { makeUserEvent, RecordingDispatcher, RecordingLogger, uuidsIn } from './support/fakes.js';
import { ManualRuntime, settle } from './support/manual-runtime.js';

function makeDelivery(options: Partial<BatchEventProcessorOptions> = {}) {
  const runtime = new ManualRuntime();
  runtime.randomValue = 0.999_999;
  const dispatcher = new RecordingDispatcher();
  const logger = new RecordingLogger();
  const processor = new BatchEventProcessor({
    eventDispatcher: dispatcher,
    logger,
    runtime,
    batchSize: 1,
    // Batches that grow while they wait have tests of their own.
    maxBatchSize: 1,
    startOnInit: true,
    ...options,
  });
  const record = (count = 1) => {
    for (let n = 0; n < count; n++) processor.process(makeUserEvent({ acceptedAt: runtime.monotonic() }));
  };
  return { processor, dispatcher, logger, runtime, record };
}

describe('delivery', () => {
  describe('backoff', () => {
    it('doubles with each failure up to maxDelayMillis, jittered over the whole span', async () => {
      const { dispatcher, runtime, record } = makeDelivery({
        retry: { initialDelayMillis: 100, maxDelayMillis: 500 },
      });
      dispatcher.answer = () => ({ statusCode: 503 });
      record();
      for (const [attempts, delay] of [
        [1, 100],
        [2, 200],
        [3, 400],
        [4, 500],
        [5, 500],
      ] as const) {
        await settle();
        expect(dispatcher.attempts).to.equal(attempts);
        await runtime.advance(delay - 1);
        expect(dispatcher.attempts, `rests ${delay} ms after attempt ${attempts}`).to.equal(attempts);
        await runtime.advance(1);
      }
      runtime.randomValue = 0.2;
      await runtime.advance(500);
      const before = dispatcher.attempts;
      await runtime.advance(1_000);
      expect(dispatcher.attempts, 'a fifth of the longest delay').to.equal(before + 10);
    });

    it('begins anew once a request has succeeded', async () => {
      const { dispatcher, runtime, record } = makeDelivery({
        retry: { initialDelayMillis: 100, maxDelayMillis: 10_000 },
      });
      let up = false;
      dispatcher.answer = () => ({ statusCode: up ? 204 : 503 });
      record();
      // Rests of 100, 200, 400 and 800 ms, the fifth of 1600 ms.
      await runtime.advance(1_500);
      expect(dispatcher.attempts).to.equal(5);
      up = true;
      await runtime.advance(1_600);
      expect(dispatcher.attempts).to.equal(6);
      record();
      await settle();
      expect(dispatcher.attempts, 'the next request does not rest').to.equal(7);
      up = false;
      record();
      await settle();
      expect(dispatcher.attempts).to.equal(8);
      await runtime.advance(99);
      expect(dispatcher.attempts).to.equal(8);
      await runtime.advance(1);
      expect(dispatcher.attempts, 'the first step again').to.equal(9);
      await runtime.advance(199);
      expect(dispatcher.attempts).to.equal(9);
      await runtime.advance(1);
      expect(dispatcher.attempts, 'then the second').to.equal(10);
    });

    it('succeeds at once where the destination rested and a request on its way succeeds', async () => {
      const { dispatcher, runtime, record } = makeDelivery({
        retry: { initialDelayMillis: 60_000, maxDelayMillis: 60_000 },
        maxConcurrentRequests: 2,
      });
      const answers: ((statusCode: number) => void)[] = [];
      dispatcher.answer = () => new Promise(resolve => answers.push(statusCode => resolve({ statusCode })));
      record(3);
      await settle();
      expect(dispatcher.attempts).to.equal(2);
      answers[0]?.(503);
      await settle();
      expect(dispatcher.attempts, 'it rests').to.equal(2);
      answers[1]?.(204);
      await settle();
      expect(dispatcher.attempts, 'the one that waited').to.be.above(2);
      expect(runtime.now()).to.equal(1_700_000_000_000);
    });

    it('rests as long as before once a flush has ended', async () => {
      const { dispatcher, runtime, record, processor } = makeDelivery({
        retry: { initialDelayMillis: 10_000, maxDelayMillis: 10_000 },
        timeoutIntervalMillis: 2_000,
      });
      dispatcher.answer = () => ({ statusCode: 503 });
      record();
      await settle();
      expect(dispatcher.attempts).to.equal(1);
      for (let flush = 1; flush <= 3; flush++) {
        const before = dispatcher.attempts;
        const flushing = processor.flush();
        await runtime.advance(2_000);
        await flushing;
        expect(dispatcher.attempts - before, 'in a hurry while it is waited for').to.be.above(5);
        // The last rest of the flush is a short one; those after it are not.
        await runtime.advance(250);
        const after = dispatcher.attempts;
        await runtime.advance(9_000);
        expect(dispatcher.attempts - after, `attempts in 9 s after flush ${flush}`).to.be.at.most(1);
      }
    });

    it('sends one probe a step while the destination fails, and all that waits once it answers', async () => {
      const { dispatcher, runtime, record, processor, logger } = makeDelivery({ maxConcurrentRequests: 4 });
      let up = false;
      dispatcher.answer = () => ({ statusCode: up ? 204 : 503 });
      record(20);
      await settle();
      expect(dispatcher.attempts, 'all that had begun before the first failure').to.equal(4);
      await runtime.advance(500);
      expect(dispatcher.attempts).to.equal(5);
      await runtime.advance(1_000);
      expect(dispatcher.attempts).to.equal(6);
      up = true;
      await runtime.advance(2_000);
      expect(processor.ledger()).to.deep.include({ delivered: 20, pending: 0 });
      expect(dispatcher.attempts).to.equal(26);
      expect(logger.at('warn'), 'one line an outage').to.have.length(1);
      expect(logger.at('info')).to.have.length(1);
    });

    it('a batch that keeps failing holds up none behind it', async () => {
      const { dispatcher, runtime, record, processor } = makeDelivery({ maxConcurrentRequests: 1 });
      let poison = '';
      dispatcher.answer = (_attempt, logEvent) => {
        poison ||= logEvent.body;
        return { statusCode: logEvent.body === poison ? 500 : 204 };
      };
      record(6);
      await runtime.advance(2_000);
      expect(processor.ledger()).to.deep.include({ delivered: 5, pending: 1 });
    });

    it('sends maxConcurrentRequests at once and no more', async () => {
      const { dispatcher, record, processor } = makeDelivery({ maxConcurrentRequests: 3 });
      const release: (() => void)[] = [];
      dispatcher.answer = () => new Promise(resolve => release.push(() => resolve({ statusCode: 204 })));
      record(8);
      await settle();
      expect(dispatcher.attempts).to.equal(3);
      release.shift()?.();
      await settle();
      expect(dispatcher.attempts).to.equal(4);
      while (release.length > 0) {
        release.shift()?.();
        await settle();
      }
      expect(processor.ledger().delivered).to.equal(8);
    });

    for (const [form, value] of [
      ['seconds', '7'],
      ['a date', 'Tue, 14 Nov 2023 22:13:27 GMT'],
    ] as const) {
      it(`takes Retry-After as a floor: ${form}`, async () => {
        const { dispatcher, runtime, record } = makeDelivery();
        dispatcher.answer = attempt => ({
          statusCode: attempt === 1 ? 429 : 204,
          headers: { 'retry-after': value },
        });
        record(2);
        await runtime.advance(6_990);
        expect(dispatcher.attempts).to.equal(2);
        await runtime.advance(10);
        expect(dispatcher.attempts).to.equal(3);
      });
    }

    for (const [name, floors] of [
      ['the first of two', ['60', '5']],
      ['the second of two', [undefined, '60']],
    ] as const) {
      it(`keeps the longest Retry-After of requests that were out together: that of ${name}`, async () => {
        const { dispatcher, runtime, record } = makeDelivery({ maxConcurrentRequests: 2 });
        const answers: ((floor: string | undefined) => void)[] = [];
        dispatcher.answer = attempt =>
          attempt > 2
            ? { statusCode: 204 }
            : new Promise(resolve => {
                answers.push(floor =>
                  resolve({ statusCode: 503, headers: floor === undefined ? {} : { 'retry-after': floor } }),
                );
              });
        record(2);
        await settle();
        for (const [index, answer] of answers.entries()) answer(floors[index]);
        await runtime.advance(59_999);
        expect(dispatcher.attempts).to.equal(2);
        await runtime.advance(1);
        expect(dispatcher.attempts).to.equal(4);
      });
    }

    it('caps a Retry-After that asks for hours', async () => {
      const { dispatcher, runtime, record } = makeDelivery();
      dispatcher.answer = attempt => ({
        statusCode: attempt === 1 ? 503 : 204,
        headers: { 'retry-after': '86400' },
      });
      record();
      await runtime.advance(5 * 60_000);
      expect(dispatcher.attempts).to.equal(2);
    });

    it('drops as expired what is older than maxAgeMillis since it was accepted', async () => {
      const { dispatcher, runtime, record, processor } = makeDelivery({ retry: { maxAgeMillis: 60_000 } });
      dispatcher.answer = () => ({ statusCode: 503 });
      record();
      await runtime.advance(59_000);
      expect(processor.ledger()).to.deep.include({ pending: 1, dropped: {} });
      await runtime.advance(40_000);
      expect(processor.ledger()).to.deep.include({ pending: 0, dropped: { expired: 1 } });
    });

    it('drops no event of a batch as expired while the youngest is not, whatever their order', async () => {
      const { processor, runtime } = makeDelivery({ batchSize: 3, retry: { maxAgeMillis: 60_000 } });
      await runtime.advance(100_000);
      const now = runtime.monotonic();
      for (const age of [70_000, 1_000, 70_000]) processor.process(makeUserEvent({ acceptedAt: now - age }));
      const flushing = processor.flush();
      await runtime.advance(0);
      await flushing;
      expect(processor.ledger()).to.deep.include({ delivered: 3, dropped: {} });
    });

    it('a failed flush tries again at once and often, until its time is up', async () => {
      const { dispatcher, runtime, record, processor } = makeDelivery({ timeoutIntervalMillis: 5_000 });
      dispatcher.answer = () => ({ statusCode: runtime.now() < 1_700_000_000_000 + 32_000 ? 503 : 204 });
      record(3);
      await runtime.advance(30_000);
      const flushing = processor.flush();
      await runtime.advance(2_500);
      await flushing;
      expect(processor.ledger()).to.deep.include({ delivered: 3, pending: 0 });
    });

    it('with 503s for the first 2 s of a 5 s limit a shutdown loses nothing', async () => {
      const { dispatcher, runtime, record, processor } = makeDelivery({ timeoutIntervalMillis: 5_000 });
      record(0);
      dispatcher.answer = () => ({ statusCode: runtime.now() < 1_700_000_000_000 + 2_000 ? 503 : 204 });
      record(105);
      const stopping = processor.stop();
      await runtime.advance(4_000);
      await stopping;
      expect(processor.ledger()).to.deep.include({ delivered: 105, pending: 0, dropped: {} });
    });
  });

  describe('a batch that is refused', () => {
    const poisoned = (body: string) => body.includes('poison');

    it('is bisected until the poison events are alone; the others arrive once', async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.integer({ min: 1, max: 60 }),
          fc.uniqueArray(fc.nat(59), { maxLength: 3 }),
          async (size, poison) => {
            const { processor, dispatcher, runtime } = makeDelivery({ batchSize: size });
            const arrived: string[] = [];
            dispatcher.answer = (_attempt, logEvent) => {
              if (poisoned(logEvent.body)) return { statusCode: 400 };
              arrived.push(...uuidsIn([logEvent.params]));
              return { statusCode: 204 };
            };
            const uuids = Array.from({ length: size }, (_, n) =>
              poison.includes(n) ? `poison-${n}` : `good-${n}`,
            );
            for (const uuid of uuids)
              processor.process(makeUserEvent({ uuid, acceptedAt: runtime.monotonic() }));
            await runtime.advance(1);
            const bad = uuids.filter(poisoned).length;
            expect([...arrived].sort()).to.deep.equal(uuids.filter(uuid => !poisoned(uuid)).sort());
            expect(processor.ledger()).to.deep.include({
              delivered: size - bad,
              pending: 0,
              dropped: bad > 0 ? { rejected: bad } : {},
            });
            expect(dispatcher.attempts).to.be.at.most(1 + 2 * bad * Math.ceil(Math.log2(size)));
          },
        ),
        { numRuns: 60 },
      );
    });

    it('is searched at a bounded rate, and only what is refused alone is dropped', async () => {
      const { processor, dispatcher, runtime } = makeDelivery({ batchSize: 1000 });
      const arrived: string[] = [];
      const attemptsBy = new Map<number, number>();
      dispatcher.answer = (attempt, logEvent) => {
        attemptsBy.set(runtime.now(), attempt);
        if (poisoned(logEvent.body)) return { statusCode: 400 };
        arrived.push(...uuidsIn([logEvent.params]));
        return { statusCode: 204 };
      };
      const uuids = Array.from({ length: 1000 }, (_, n) => (n % 2 === 0 ? `poison-${n}` : `good-${n}`));
      await runtime.advance(3_600_000);
      for (const uuid of uuids) processor.process(makeUserEvent({ uuid, acceptedAt: runtime.monotonic() }));
      await runtime.advance(0);
      expect(dispatcher.attempts, 'a burst, however long nothing was searched').to.be.within(300, 500);
      const before = dispatcher.attempts;
      await runtime.advance(1_000);
      expect(dispatcher.attempts - before, 'then so many a second').to.be.within(150, 250);
      await runtime.advance(60_000);
      expect(arrived.sort()).to.deep.equal(uuids.filter(uuid => !poisoned(uuid)).sort());
      expect(processor.ledger()).to.deep.include({
        delivered: 500,
        pending: 0,
        dropped: { rejected: 500 },
      });
    });

    it('leaves live traffic all its requests while the rate of the search is used up', async () => {
      const { processor, dispatcher, runtime, record } = makeDelivery({
        batchSize: 1000,
        maxConcurrentRequests: 1,
      });
      dispatcher.answer = (_attempt, { body }) => ({ statusCode: poisoned(body) ? 400 : 204 });
      for (let n = 0; n < 1000; n++)
        processor.process(makeUserEvent({ uuid: `poison-${n}`, acceptedAt: runtime.monotonic() }));
      await runtime.advance(0);
      expect(processor.ledger().pending, 'the search goes on').to.be.above(500);
      record(8_000);
      await settle();
      expect(processor.ledger().delivered).to.equal(8_000);
      const stopped = processor.stop();
      await runtime.advance(10_000);
      await stopped;
    });

    it('is searched behind live traffic', async () => {
      const { processor, dispatcher, runtime, record } = makeDelivery({
        batchSize: 64,
        maxConcurrentRequests: 1,
      });
      const sizes: number[] = [];
      const answers: (() => void)[] = [];
      dispatcher.answer = (_attempt, logEvent) => {
        sizes.push(logEvent.params.visitors.length);
        const statusCode = poisoned(logEvent.body) ? 400 : 204;
        return new Promise(resolve => answers.push(() => resolve({ statusCode })));
      };
      for (let n = 0; n < 64; n++) processor.process(makeUserEvent({ uuid: `poison-${n}` }));
      await settle();
      record(128);
      for (let n = 0; n < 8; n++) {
        answers.shift()?.();
        await settle();
      }
      expect(sizes.slice(0, 3), 'both full batches within the next three requests').to.include.members([
        64, 64,
      ]);
      expect(processor.ledger().delivered).to.equal(128);
      void processor.stop();
      await runtime.advance(10_000);
    });

    it('leaves nothing good behind where a flush or a shutdown waits for the search', async () => {
      const { processor, dispatcher, runtime } = makeDelivery({ batchSize: 1000 });
      dispatcher.answer = (_attempt, logEvent) => ({ statusCode: poisoned(logEvent.body) ? 400 : 204 });
      for (let n = 0; n < 1000; n++) {
        const uuid = n % 2 === 0 ? `poison-${n}` : `good-${n}`;
        processor.process(makeUserEvent({ uuid, acceptedAt: runtime.monotonic() }));
      }
      const stopping = processor.stop();
      await runtime.advance(5_000);
      await stopping;
      expect(processor.ledger()).to.deep.include({ delivered: 500, pending: 0, dropped: { rejected: 500 } });
    });

    it('is an error line for each status once an episode, however many events are refused', async () => {
      const { dispatcher, logger, runtime, record } = makeDelivery();
      dispatcher.answer = attempt => ({ statusCode: attempt % 2 === 0 ? 422 : 400 });
      record(20);
      await runtime.advance(59_000);
      record(20);
      await runtime.advance(59_000);
      expect(logger.at('error')).to.have.members([
        'delivery to Optimizely is refused for good: status 400 at https://logx.optimizely.com/v1/events; what is refused is lost',
        'delivery to Optimizely is refused for good: status 422 at https://logx.optimizely.com/v1/events; what is refused is lost',
      ]);
      await runtime.advance(1_000);
      record(2);
      await runtime.advance(1);
      expect(logger.at('error')).to.have.length(4);
    });

    it('tells LOG_EVENT listeners of each piece once, so that a redaction holds for pieces too', async () => {
      const center = new NotificationCenter();
      const counts: number[] = [];
      center.addNotificationListener(NotificationType.LOG_EVENT, (logEvent, info) => {
        counts.push(info.eventCount);
        for (const visitor of logEvent.params.visitors) visitor.visitor_id = 'redacted';
      });
      const { processor, dispatcher, runtime } = makeDelivery({ batchSize: 4, notificationCenter: center });
      dispatcher.answer = (_attempt, logEvent) => ({ statusCode: poisoned(logEvent.body) ? 400 : 204 });
      for (const uuid of ['a', 'b', 'poison', 'd']) processor.process(makeUserEvent({ uuid }));
      await runtime.advance(1);
      expect(counts).to.deep.equal([4, 2, 2, 1, 1]);
      expect(dispatcher.visitors.every(visitor => visitor.visitor_id === 'redacted')).to.equal(true);
    });

    it('counts at shutdown what has arrived as delivered and only the rest as lost', async () => {
      const { processor, dispatcher, runtime } = makeDelivery({ batchSize: 4, timeoutIntervalMillis: 1_000 });
      dispatcher.answer = (attempt, logEvent) => {
        if (attempt === 1) return { statusCode: 413 };
        return logEvent.body.includes('stuck') ? new Promise(() => {}) : { statusCode: 204 };
      };
      for (const uuid of ['a', 'b', 'stuck', 'd']) processor.process(makeUserEvent({ uuid }));
      await runtime.advance(1);
      const stopping = processor.stop();
      await runtime.advance(1_000);
      await stopping;
      expect(processor.ledger()).to.deep.include({
        delivered: 2,
        pending: 0,
        dropped: { shutdown_timeout: 2 },
      });
    });
  });

  describe('413', () => {
    it('halves the batch, remembers the size, and forgets it again slowly', async () => {
      const { processor, dispatcher, runtime } = makeDelivery({ batchSize: 8 });
      const sizes: number[] = [];
      let limit = 3;
      dispatcher.answer = (_attempt, logEvent) => {
        const { length } = logEvent.params.visitors;
        sizes.push(length);
        return { statusCode: length > limit ? 413 : 204 };
      };
      const batch = async () => {
        for (let n = 0; n < 8; n++) {
          processor.process(
            makeUserEvent({ uuid: `e${String(n).padStart(9, '0')}`, acceptedAt: runtime.monotonic() }),
          );
        }
        await runtime.advance(1);
        return sizes.splice(0);
      };
      expect(await batch()).to.deep.equal([8, 4, 4, 2, 2, 2, 2]);
      expect(await batch(), 'split before it is sent').to.deep.equal([2, 2, 2, 2]);
      limit = 8;
      const largest: number[] = [];
      for (let n = 0; n < 200; n++) largest.push(Math.max(...(await batch())));
      expect(largest.slice(0, 3)).to.deep.equal([2, 2, 2]);
      expect(largest.at(-1)).to.equal(8);
      expect(largest).to.deep.equal([...largest].sort((a, b) => a - b));
      expect(processor.ledger()).to.deep.include({ delivered: 202 * 8, dropped: {} });
    });
  });

  describe('413, of several requests', () => {
    /** Batches of so many events each, and how many events each request had. */
    function makeSizes(options: Partial<BatchEventProcessorOptions> = {}) {
      const { processor, dispatcher, runtime } = makeDelivery({ batchSize: 64, ...options });
      const sizes: number[] = [];
      dispatcher.answer = (_attempt, { params }) => {
        sizes.push(params.visitors.length);
        return { statusCode: 204 };
      };
      const send = async (count: number) => {
        for (let n = 0; n < count; n++) {
          const uuid = `e${String(n).padStart(9, '0')}`;
          processor.process(makeUserEvent({ uuid, acceptedAt: runtime.monotonic() }));
        }
        const flushing = processor.flush();
        await runtime.advance(1);
        await flushing;
        return sizes.splice(0);
      };
      return { dispatcher, runtime, sizes, send };
    }

    it('remembers the smallest size that was refused', async () => {
      const { dispatcher, sizes, send } = makeSizes();
      const answer = dispatcher.answer;
      const held: (() => void)[] = [];
      dispatcher.answer = (attempt, logEvent) => {
        if (attempt > 2) return answer(attempt, logEvent);
        return new Promise(resolve => held.push(() => resolve({ statusCode: 413 })));
      };
      const both: Promise<unknown>[] = [];
      for (const count of [16, 4]) {
        both.push(send(count));
        await settle();
      }
      expect(held).to.have.length(2);
      // The smaller one first: the other one's half is larger than what was refused.
      for (const answer413 of held.reverse()) answer413();
      await Promise.all(both);
      sizes.length = 0;
      expect(await send(8)).to.deep.equal([2, 2, 2, 2]);
    });

    it('tries a larger one only once twenty have arrived since the last refusal', async () => {
      const { dispatcher, send } = makeSizes();
      const answer = dispatcher.answer;
      let limit = 8;
      dispatcher.answer = (attempt, logEvent) =>
        logEvent.params.visitors.length > limit ? { statusCode: 413 } : answer(attempt, logEvent);
      await send(16);
      // With the halves, 19 have arrived.
      for (let n = 0; n < 17; n++) await send(1);
      limit = 4;
      expect(await send(8)).to.deep.equal([4, 4]);
      limit = 64;
      expect(await send(5)).to.deep.equal([3, 2]);
      for (let n = 0; n < 16; n++) await send(1);
      expect(await send(5)).to.deep.equal([5]);
    });
  });

  describe('a chunk that alone fails again and again', () => {
    const lines = (logger: RecordingLogger) =>
      logger.lines.map(({ level, message }) => `${level} ${message}`);
    const failures: Record<string, () => { statusCode: number } | Promise<never>> = {
      'is reset': () => Promise.reject(Object.assign(new Error('reset'), { code: 'ECONNRESET' })),
      'gets no answer': () => Promise.reject(new Error('timeout')),
      'is answered 502': () => ({ statusCode: 502 }),
    };
    for (const [name, fail] of Object.entries(failures)) {
      it(`${name}: it is split while others get through, and holds up none`, async () => {
        const { processor, dispatcher, runtime, logger, record } = makeDelivery({ batchSize: 10 });
        let failures = 0;
        dispatcher.answer = (_attempt, logEvent) => {
          if (!logEvent.body.includes('poison')) return { statusCode: 204 };
          failures++;
          return fail();
        };
        processor.process(makeUserEvent({ uuid: 'poison', acceptedAt: runtime.monotonic() }));
        record(9);
        for (let n = 0; n < 30; n++) {
          record(10);
          await runtime.advance(1_000);
        }
        expect(processor.ledger()).to.deep.include({ delivered: 309, pending: 1, dropped: {} });
        expect(failures, 'alone, it rests longer each time').to.be.below(25);
        const before = dispatcher.attempts;
        record(100);
        await runtime.advance(0);
        expect(dispatcher.attempts - before, 'all at once: the destination does not rest').to.be.within(
          10,
          11,
        );
        expect(lines(logger).length, lines(logger).join('\n')).to.be.at.most(4);
        expect(lines(logger).join()).to.include('while others arrive');
        dispatcher.answer = () => ({ statusCode: 204 });
        const flushing = processor.flush();
        await runtime.advance(100);
        await flushing;
        expect(processor.ledger()).to.deep.include({ delivered: 410, pending: 0 });
      });
    }

    it('is tried ever more seldom also where nothing arrives anymore in between', async () => {
      const { processor, dispatcher, runtime, record } = makeDelivery({ batchSize: 2 });
      dispatcher.answer = (_attempt, { body }) => ({ statusCode: body.includes('poison') ? 502 : 204 });
      processor.process(makeUserEvent({ uuid: 'poison', acceptedAt: runtime.monotonic() }));
      record(1);
      for (let n = 0; n < 5; n++) {
        record(2);
        await runtime.advance(1_000);
      }
      expect(processor.ledger()).to.deep.include({ delivered: 11, pending: 1 });
      dispatcher.answer = () => ({ statusCode: 502 });
      await runtime.advance(60_000);
      const before = dispatcher.attempts;
      await runtime.advance(600_000);
      expect(dispatcher.attempts - before, 'half a minute apart').to.be.within(20, 21);
    });

    it('is not split while nothing gets through', async () => {
      const { processor, dispatcher, runtime, record } = makeDelivery({ batchSize: 10 });
      dispatcher.answer = () => ({ statusCode: 502 });
      record(10);
      await runtime.advance(600_000);
      expect(new Set(dispatcher.sent.map(({ visitors }) => visitors.length))).to.deep.equal(new Set([10]));
      expect(processor.ledger()).to.deep.include({ pending: 10, dropped: {} });
    });
  });

  describe('log lines', () => {
    it('are at most one a minute and kind while requests fail now and then, with counts', async () => {
      const { dispatcher, runtime, logger, record } = makeDelivery();
      dispatcher.answer = attempt => ({ statusCode: attempt % 5 === 0 ? 503 : 204 });
      for (let second = 0; second < 12 * 60; second++) {
        record();
        await runtime.advance(1_000);
      }
      const fails = logger.at('warn');
      expect(fails.length).to.be.within(2, 13);
      const counts = fails.map(line => Number(/failed since the last line: (\d+)/.exec(line)?.[1] ?? 1));
      // One request in five or so of a minute, each time.
      expect(Math.max(...counts), fails.join('\n')).to.be.within(2, 30);
      expect(counts.reduce((sum, count) => sum + count, 0)).to.be.at.most(dispatcher.attempts / 5);
      expect(logger.at('info').length).to.be.within(2, 13);
      expect(logger.lines).to.have.length(fails.length + logger.at('info').length);
    });

    it('say at last that delivery works, where that came too soon after it was said before', async () => {
      const { dispatcher, runtime, logger, record } = makeDelivery();
      const fail = async () => {
        dispatcher.answer = attempt => ({ statusCode: attempt === failing ? 503 : 204 });
        const failing = dispatcher.attempts + 1;
        record();
        await runtime.advance(500);
      };
      await fail();
      await runtime.advance(30_000);
      await fail();
      await runtime.advance(30_000);
      await fail();
      expect(logger.at('warn')).to.have.length(2);
      await runtime.advance(60_000);
      expect(logger.at('info')).to.have.length(2);
      expect(logger.lines.at(-1)?.level).to.equal('info');
      expect(runtime.armed).to.equal(0);
    });

    it('say what is in the way of 4xx that do not speak of the request, as an error once an episode', async () => {
      for (const statusCode of [401, 404, 407, 410, 421, 451, 460, 499]) {
        const { dispatcher, runtime, logger, record, processor } = makeDelivery();
        dispatcher.answer = () => ({ statusCode });
        record(5);
        await runtime.advance(10_000);
        expect(logger.at('error')).to.deep.equal([
          `delivery to Optimizely is turned away: status ${statusCode} at https://logx.optimizely.com/v1/events; check endpoint, proxy and credentials; events are kept and tried again`,
        ]);
        expect(logger.at('warn'), 'the same is not said twice').to.deep.equal([]);
        expect(processor.ledger()).to.deep.include({ pending: 5, dropped: {} });
      }
    });

    for (const path of ['/', '/v1/event', '/events', '/proxy/v1/events']) {
      it(`name the path that Optimizely's endpoint has where another one is not found: ${path}`, async () => {
        for (const statusCode of [404, 405]) {
          const endpoint = `https://events.example.test${path}`;
          const { dispatcher, runtime, logger, record } = makeDelivery({ endpoint });
          dispatcher.answer = () => ({ statusCode });
          record();
          await runtime.advance(100);
          expect(logger.at('error')).to.deep.equal([
            `delivery to Optimizely is turned away: status ${statusCode} at ${endpoint}; ` +
              "check the endpoint: the path of Optimizely's is /v1/events; events are kept and tried again",
          ]);
        }
      });
    }

    it('say anew that it fails for minutes, where it has worked in between', async () => {
      const { dispatcher, runtime, logger, record } = makeDelivery();
      for (let n = 1; n <= 3; n++) {
        dispatcher.answer = () => ({ statusCode: 503 });
        record();
        await runtime.advance(300_000);
        dispatcher.answer = () => ({ statusCode: 204 });
        await runtime.advance(300_000);
        expect(logger.at('error').filter(line => line.includes('has failed for'))).to.have.length(n);
      }
    });

    it('say again every hour that it fails, and for how long', async () => {
      for (const statusCode of [401, 503]) {
        const { dispatcher, runtime, logger, record } = makeDelivery();
        dispatcher.answer = () => ({ statusCode });
        record();
        await runtime.advance(3 * 3_600_000);
        const minutes = logger
          .at('error')
          .flatMap(line => /has failed for (\S+) minute/.exec(line)?.slice(1) ?? []);
        expect(minutes[0]).to.equal('a');
        expect(minutes.slice(1).map(text => Math.round(Number(text) / 60))).to.deep.equal([1, 2]);
        dispatcher.answer = () => ({ statusCode: 204 });
        await runtime.advance(120_000);
        const before = logger.at('error').length;
        await runtime.advance(3_600_000);
        expect(logger.at('error')).to.have.length(before);
      }
    });
  });

  it('401 is tried again slowly, at half the longest rest or later, and said once', async () => {
    const { dispatcher, runtime, record, logger } = makeDelivery({ retry: { maxDelayMillis: 30_000 } });
    runtime.randomValue = 0;
    dispatcher.answer = () => ({ statusCode: 401 });
    record();
    await runtime.advance(14_900);
    expect(dispatcher.attempts).to.equal(1);
    await runtime.advance(45_200);
    expect(dispatcher.attempts).to.equal(5);
    expect(logger.at('error').filter(line => line.includes('turned away'))).to.have.length(1);
  });

  it('a reset before anything has arrived is tried again after a rest', async () => {
    const { dispatcher, runtime, record } = makeDelivery();
    dispatcher.answer = () =>
      Promise.reject(Object.assign(new Error('other side closed'), { code: 'UND_ERR_SOCKET' }));
    record();
    await settle();
    expect(dispatcher.attempts).to.equal(1);
    await runtime.advance(500);
    expect(dispatcher.attempts).to.equal(2);
  });

  it('a reset on a connection that has worked before is tried again at once, a second one is not', async () => {
    const { dispatcher, runtime, record } = makeDelivery();
    const reset = () =>
      Promise.reject(Object.assign(new Error('other side closed'), { code: 'UND_ERR_SOCKET' }));
    record();
    await settle();
    dispatcher.answer = attempt => (attempt === 2 ? reset() : { statusCode: 204 });
    record();
    await settle();
    expect(dispatcher.attempts).to.equal(3);
    dispatcher.answer = reset;
    record();
    await settle();
    expect(dispatcher.attempts, 'once at once').to.equal(5);
    await runtime.advance(500);
    expect(dispatcher.attempts, 'then after a rest').to.equal(6);
  });

  describe('dispatchers of any kind', () => {
    const cases: [string, AnyEventDispatcher, Record<string, number>][] = [
      ['a promise with a status', { dispatchEvent: async () => ({ statusCode: 204 }) }, { delivered: 1 }],
      ['a promise without a status', { dispatchEvent: async () => {} }, { delivered: 1 }],
      [
        'a promise of an answer of another shape',
        { dispatchEvent: (async () => ({ ok: true })) as never },
        { delivered: 1 },
      ],
      ['no promise and no callback', { dispatchEvent: (() => undefined) as never }, { delivered: 1 }],
      [
        'a callback',
        { dispatchEvent: (_event, callback) => void setImmediate(() => callback({ statusCode: 200 })) },
        { delivered: 1 },
      ],
      [
        'a callback with a refusal',
        { dispatchEvent: (_event, callback) => callback({ statusCode: 400 }) },
        { rejected: 1 },
      ],
      ['a promise with a refusal', { dispatchEvent: async () => ({ statusCode: 400 }) }, { rejected: 1 }],
    ];
    for (const [name, eventDispatcher, expected] of cases) {
      it(`understands one that answers with ${name}`, async () => {
        const { processor, record } = makeDelivery({ eventDispatcher });
        record();
        await settle();
        const { delivered, dropped } = processor.ledger();
        expect({ ...(delivered && { delivered }), ...dropped }).to.deep.equal(expected);
      });
    }

    const headers = new Headers({ 'Retry-After': '7' });
    const failures: [string, AnyEventDispatcher['dispatchEvent']][] = [
      ['a Response', async () => new Response('', { status: 503 })],
      ['a status (axios)', async () => ({ status: 503, data: '', headers: {} })],
      ['a status as text', async () => ({ statusCode: '503' })],
      ['ok: false', async () => ({ ok: false })],
      ['a status line as text', async () => ({ statusCode: '503 Service Unavailable' })],
      ['a status that is not a number beside one that is', async () => ({ statusCode: NaN, status: 503 })],
      ['a status as BigInt', async () => ({ status: 503n })],
      ['the bare status', async () => 503],
      ['an error that it caught', async () => new TypeError('fetch failed')],
      ["another realm's error", async () => runInNewContext('new Error()')],
      [
        'an error that it caught and that has the answer',
        async () => Object.assign(new Error(), { response: { status: 503 } }),
      ],
      ['a callback with an error', (_event, callback) => callback(new Error() as never)],
      [
        'a callback with a promise',
        (_event, callback) => callback(Promise.resolve({ statusCode: 503 }) as never),
      ],
      [
        'a callback with a promise that rejects',
        (_event, callback) => callback(Promise.reject(new Error('secret')) as never),
      ],
      ['status 0 of an opaque answer', async () => ({ status: 0, ok: false })],
      ['a rejection that has the answer', () => Promise.reject({ response: { status: 503 } })],
      [
        'a rejection that has the status',
        () => Promise.reject(Object.assign(new Error(), { statusCode: 503 })),
      ],
      [
        'a callback with a default',
        (_event, callback = (() => {}) as never) => callback({ statusCode: 503 }),
      ],
      [
        'a callback with a default, later',
        (_event, callback = (() => {}) as never) => void setImmediate(() => callback({ statusCode: 503 })),
      ],
      [
        'a callback that a compiler hid',
        function (_event) {
          // biome-ignore lint/complexity/noArguments: what compilers for old engines write
          const callback = arguments[1] as (answer: object) => void;
          setImmediate(() => callback({ statusCode: 503 }));
        },
      ],
      [
        'an answer that throws when read',
        async () => ({
          get statusCode() {
            throw new Error('secret');
          },
        }),
      ],
      [
        'a header that throws when read',
        async () => ({
          statusCode: 503,
          headers: {
            get 'retry-after'() {
              throw new Error('secret');
            },
          },
        }),
      ],
      [
        'a header that is not text',
        async () => ({ statusCode: 503, headers: { 'retry-after': Object.create(null) } }),
      ],
      [
        'a revoked Proxy',
        async () => {
          const { proxy, revoke } = Proxy.revocable({}, {});
          revoke();
          return [proxy].map(answer => ({ statusCode: 503, headers: answer }))[0];
        },
      ],
      [
        'an error whose code throws',
        () =>
          Promise.reject(
            Object.defineProperty(new Error('secret'), 'code', {
              get() {
                throw new Error('secret');
              },
            }),
          ),
      ],
      [
        'a rejection with a revoked Proxy',
        () => {
          const { proxy, revoke } = Proxy.revocable({}, {});
          revoke();
          // biome-ignore lint/suspicious/noThenProperty: a thenable is what is tested
          return { then: (_: unknown, reject: (error: unknown) => void) => reject(proxy) };
        },
      ],
      [
        'a then that throws',
        () => ({
          // biome-ignore lint/suspicious/noThenProperty: a thenable is what is tested
          get then() {
            throw new Error('secret');
          },
        }),
      ],
    ];
    for (const [name, dispatchEvent] of failures) {
      it(`keeps the event and the request slot where it answers with ${name}`, async () => {
        let isDown = true;
        const { processor, runtime, record, logger } = makeDelivery({
          maxConcurrentRequests: 1,
          eventDispatcher: {
            // One parameter more or less would change what is tested.
            get dispatchEvent() {
              return isDown ? dispatchEvent : async () => ({ statusCode: 204 });
            },
          },
        });
        record();
        await settle();
        expect(processor.ledger()).to.deep.include({ delivered: 0, pending: 1, dropped: {} });
        isDown = false;
        record();
        await runtime.advance(1_000);
        expect(processor.ledger()).to.deep.include({ delivered: 2, pending: 0, dropped: {} });
        expect(JSON.stringify(logger.lines)).not.to.include('secret');
      });
    }

    it('reads Retry-After of any kind of headers', async () => {
      for (const shape of [
        headers,
        new Map([['retry-after', '7']]),
        { 'Retry-After': 7 },
        { 'retry-after': ['7'] },
      ]) {
        let attempts = 0;
        const { runtime, record } = makeDelivery({
          eventDispatcher: {
            dispatchEvent: async () => ({ status: ++attempts === 1 ? 429 : 204, headers: shape }),
          },
        });
        record();
        await runtime.advance(6_990);
        expect(attempts).to.equal(1);
        await runtime.advance(10);
        expect(attempts).to.equal(2);
      }
    });

    const silent: [string, AnyEventDispatcher['dispatchEvent']][] = [
      ['nothing', () => undefined],
      ['a promise of nothing', async () => undefined],
      ['an object that says nothing of a status', async () => ({ status: 'success' })],
      ['nothing, and takes options', (_event, { signal } = {} as never) => void signal],
      ['nothing, and reads options.signal', (_event, options) => void options.signal],
      ['nothing, and reads $?.signal', (_event, $) => void $?.signal],
      [
        'nothing, and takes its options apart',
        (_event, options) => {
          const { signal } = options;
          void signal;
        },
      ],
      ['a status that is not a number', async () => ({ statusCode: NaN })],
      ['a number that is not a status', async () => 7],
    ];
    for (const [name, dispatchEvent] of silent) {
      it(`takes ${name} as delivered, told once at debug`, async () => {
        const { processor, record, logger } = makeDelivery({ eventDispatcher: { dispatchEvent } });
        record(3);
        await settle();
        expect(processor.ledger()).to.deep.include({ delivered: 3, pending: 0 });
        expect(logger.at('debug').filter(line => line.includes('without a status'))).to.have.length(1);
      });
    }

    it('an observer that throws leaves no request slot taken', async () => {
      const fail = () => {
        throw new Error('secret');
      };
      const logger = new RecordingLogger();
      const exporter = new OptimizelyEventExporter({
        eventDispatcher: { dispatchEvent: async () => ({ statusCode: 204, headers: {} }) },
        observer: { requestStarted: fail, requestEnded: fail },
        maxConcurrentRequests: 1,
        logger,
      });
      const { processor, record } = makeDelivery({ eventDispatcher: undefined, exporter });
      record(3);
      await settle();
      expect(processor.ledger()).to.deep.include({ delivered: 3, pending: 0 });
      expect(logger.at('error')).to.have.length(2);
    });

    it('gets the same treatment as our own, row by row', async () => {
      const rows: [number | undefined, object][] = [
        [204, { delivered: 1 }],
        [200, { delivered: 1 }],
        [undefined, { delivered: 1 }],
        [413, { too_large: 1 }],
      ];
      const speakOfTheRequest = [400, 411, 414, 415, 422, 431, 501];
      for (const status of speakOfTheRequest) rows.push([status, { rejected: 1 }]);
      for (let status = 300; status < 600; status++) {
        if (status !== 413 && !speakOfTheRequest.includes(status)) rows.push([status, { pending: 1 }]);
      }
      for (const [statusCode, expected] of rows) {
        const { processor, dispatcher, runtime, record } = makeDelivery();
        dispatcher.answer = attempt => ({ statusCode: attempt === 1 ? statusCode : 204 });
        record();
        await settle();
        const { delivered, pending, dropped } = processor.ledger();
        const outcome = { ...(delivered && { delivered }), ...(pending && { pending }), ...dropped };
        expect(outcome, `status ${statusCode}`).to.deep.equal(expected);
        await runtime.advance(31_000);
        if (pending > 0)
          expect(processor.ledger().delivered, `status ${statusCode}, tried again`).to.equal(1);
        expect(new Set(dispatcher.sent.map(params => JSON.stringify(params))).size).to.equal(1);
      }
    });

    it('tries again one that throws or rejects', async () => {
      let calls = 0;
      const eventDispatcher: EventDispatcher = {
        dispatchEvent() {
          calls++;
          if (calls === 1) throw new Error('secret');
          return calls === 2 ? Promise.reject('secret') : Promise.resolve({ statusCode: 204 });
        },
      };
      const { processor, runtime, record, logger } = makeDelivery({ eventDispatcher });
      record();
      await runtime.advance(5_000);
      expect(processor.ledger().delivered).to.equal(1);
      expect(JSON.stringify(logger.lines)).not.to.include('secret');
    });

    it('goes on, however many wait, with one that calls back before it returns', async () => {
      let down = true;
      const { processor, runtime, record } = makeDelivery({
        batchSize: 1,
        eventDispatcher: {
          dispatchEvent: (_event, callback) => callback({ statusCode: down ? 503 : 204 }),
        },
      });
      for (let n = 0; n < 9_000; n++) record();
      expect(processor.ledger()).to.deep.include({ delivered: 0, pending: 9_000 });
      down = false;
      await runtime.advance(31_000);
      expect(processor.ledger()).to.deep.include({ delivered: 9_000, pending: 0, dropped: {} });
    });

    it('keeps its deadline around one that never answers, and tells it by the signal', async () => {
      const signals: (AbortSignal | undefined)[] = [];
      const eventDispatcher: EventDispatcher = {
        dispatchEvent(_logEvent, options) {
          signals.push(options?.signal);
          return new Promise(() => {});
        },
      };
      const { runtime, record } = makeDelivery({ eventDispatcher, requestTimeoutMillis: 1_000 });
      record();
      await runtime.advance(999);
      expect(signals[0]?.aborted).to.equal(false);
      await runtime.advance(1);
      expect(signals[0]?.aborted).to.equal(true);
      await runtime.advance(500);
      expect(signals).to.have.length(2);
    });

    for (const when of ['at once', 'only later']) {
      it(`ends requests in flight at shutdown, of a dispatcher that looks at the signal ${when}`, async () => {
        let request: { readonly signal?: AbortSignal | undefined } | undefined;
        const eventDispatcher: EventDispatcher = {
          dispatchEvent(_logEvent, options) {
            if (when === 'at once') expect(options?.signal?.aborted).to.equal(false);
            request = options;
            return new Promise(() => {});
          },
        };
        const { processor, runtime, record } = makeDelivery({
          eventDispatcher,
          timeoutIntervalMillis: 1_000,
        });
        record();
        const stopping = processor.stop();
        await runtime.advance(1_000);
        await stopping;
        expect(request?.signal?.aborted).to.equal(true);
        expect(request?.signal?.reason).to.have.property('name', 'AbortError');
        expect(processor.ledger()).to.deep.include({ pending: 0, dropped: { shutdown_timeout: 1 } });
        expect(runtime.armed).to.equal(0);
      });
    }
  });

  it('options of delivery that are unusable fall back with an info line', () => {
    for (const retry of ['never', null, 5]) {
      const { logger } = makeDelivery({ strict: 1 as never, retry: retry as never });
      expect(logger.at('info')).to.deep.equal([
        'strict must be true or false; the default false is used instead',
        'retry must be { initialDelayMillis, maxDelayMillis, maxAgeMillis }; the defaults are used instead',
      ]);
    }
  });

  it('an exporter that was shut down answers at once that it takes nothing', async () => {
    const dispatcher = new RecordingDispatcher();
    const exporter = new OptimizelyEventExporter({ eventDispatcher: dispatcher });
    await exporter.shutdown();
    await exporter.forceFlush();
    const processor = new BatchEventProcessor({ exporter, startOnInit: true, batchSize: 1 });
    processor.process(makeUserEvent());
    expect(processor.ledger().dropped).to.deep.equal({ already_shutdown: 1 });
    expect(uuidsIn(dispatcher.sent)).to.deep.equal([]);
  });
});
