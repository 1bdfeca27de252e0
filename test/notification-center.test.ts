// SPDX-License-Identifier: Apache-2.0
import { expect } from 'chai';
import {
  type LogEvent,
  type LogEventInfo,
  NotificationCenter,
  NotificationType,
  OptimizelySpanProcessor,
} from 'opentelemetry-exporter-optimizely';
import { makeDatafile } from './support/datafile.js';
import { RecordingDispatcher, RecordingLogger } from './support/fakes.js';
import { settle } from './support/manual-runtime.js';

function makeCenter() {
  const logger = new RecordingLogger();
  const center = new NotificationCenter({ logger });
  return {
    logger,
    center,
    /** As JavaScript calls it: with anything. */
    add: center.addNotificationListener.bind(center) as (type: unknown, listener: unknown) => number,
    send: () => center.sendNotifications(NotificationType.LOG_EVENT, {} as LogEvent, {} as LogEventInfo),
  };
}

describe('NotificationCenter', () => {
  for (const [name, type] of [
    ['a misspelled type', 'LOG_EVENTS'],
    ["a type of Optimizely's SDKs that is not sent here", 'DECISION:type, userId, attributes, decisionInfo'],
    ['the name of a member of every object', 'constructor'],
    ['no type', undefined],
    ['null', null],
    ['a number', 0],
    ['a symbol', Symbol('LOG_EVENT')],
    ['an object without a text', Object.create(null)],
  ] as const) {
    it(`answers -1 and an error line for ${name}`, () => {
      const { add, logger, send } = makeCenter();
      let heard = 0;
      expect(add(type, () => heard++)).to.equal(-1);
      expect(logger.at('error')).to.have.lengthOf(1);
      expect(logger.at('error')[0]).to.include(
        'LOG_EVENT, EVENTS_DELIVERED, EVENTS_STREAMED, EVENTS_DROPPED, OPTIMIZELY_CONFIG_UPDATE',
      );
      send();
      expect(heard).to.equal(0);
    });
  }

  for (const listener of [undefined, null, 'log', {}, { handleEvent() {} }, 1n]) {
    it(`answers -1 and an error line for a listener that is of type ${typeof listener}`, () => {
      const { add, logger, send } = makeCenter();
      expect(add(NotificationType.LOG_EVENT, listener)).to.equal(-1);
      expect(logger.at('error')).to.deep.equal([
        'NotificationCenter did not add a notification listener: the listener of LOG_EVENT must be a function',
      ]);
      send();
      expect(logger.at('error')).to.have.lengthOf(1);
    });
  }

  it('gives ids above 0, and takes back none for -1', () => {
    const { add, center } = makeCenter();
    expect(add(NotificationType.EVENTS_DROPPED, () => {})).to.be.greaterThan(0);
    expect(center.removeNotificationListener(-1)).to.equal(false);
  });

  it('can be made with nothing or null', () => {
    for (const options of [undefined, null, {}, { logger: null }]) {
      const center = new NotificationCenter(options as { logger?: undefined });
      expect(center.addNotificationListener(NotificationType.LOG_EVENT, () => {})).to.be.greaterThan(0);
    }
  });

  for (const [name, answer] of [
    ['a promise', () => Promise.reject(new Error('secret'))],
    // biome-ignore lint/suspicious/noThenProperty: what is tested
    ['a thenable', () => ({ then: (_: unknown, reject: (error: unknown) => void) => reject('secret') })],
    [
      'a thenable that throws',
      () => ({
        // biome-ignore lint/suspicious/noThenProperty: what is tested
        then() {
          throw new Error('secret');
        },
      }),
    ],
    [
      'an object whose then throws when read',
      () => ({
        // biome-ignore lint/suspicious/noThenProperty: what is tested
        get then() {
          throw new Error('secret');
        },
      }),
    ],
  ] as const) {
    it(`bears a listener that rejects by ${name}, and says so once`, async () => {
      const { add, logger, send } = makeCenter();
      let heard = 0;
      add(NotificationType.LOG_EVENT, answer);
      add(NotificationType.LOG_EVENT, () => heard++);
      send();
      send();
      await settle();
      expect(heard).to.equal(2);
      expect(logger.at('error')).to.have.lengthOf(1);
      expect(logger.at('error')[0]).to.include('LOG_EVENT').and.not.to.include('secret');
    });
  }

  it('calls no listener that another one has removed meanwhile, and not yet one that it has added', () => {
    const { center, send } = makeCenter();
    const heard: string[] = [];
    const add = (listener: () => void) =>
      center.addNotificationListener(NotificationType.LOG_EVENT, listener);
    const first = add(() => {
      heard.push('first');
      center.removeNotificationListener(second);
      center.removeNotificationListener(first);
      add(() => heard.push('added'));
    });
    const second = add(() => heard.push('second'));
    add(() => heard.push('third'));
    send();
    expect(heard).to.deep.equal(['first', 'third']);
    send();
    expect(heard).to.deep.equal(['first', 'third', 'third', 'added']);
  });

  it('bears listeners that clear all, or send in turn', () => {
    const { center, add, send } = makeCenter();
    let heard = 0;
    add(NotificationType.LOG_EVENT, () => {
      if (++heard < 3) send();
      center.clearAllNotificationListeners();
    });
    add(NotificationType.LOG_EVENT, () => heard++);
    send();
    expect(heard).to.equal(3);
  });

  it('of the application may reject or be asynchronous', async () => {
    const logger = new RecordingLogger();
    const notificationCenter = {
      sendNotifications: (): void => Promise.reject(new Error('secret')) as never,
    };
    const eventDispatcher = new RecordingDispatcher();
    const processor = new OptimizelySpanProcessor({
      ...{ datafile: makeDatafile(), eventDispatcher, notificationCenter, logger },
    });
    processor.recordConversion({ userId: 'ada', eventKey: 'purchase' });
    processor.recordConversion({ userId: 'ada', eventKey: 'unknown' });
    await processor.shutdown();
    expect(processor.ledger()).to.deep.include({ delivered: 1, dropped: { unknown_key: 1 } });
    expect(logger.at('error')).to.deep.equal(['notificationCenter.sendNotifications failed: Error']);
  });
});
