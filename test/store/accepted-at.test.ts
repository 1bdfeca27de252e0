// SPDX-License-Identifier: Apache-2.0
import { expect } from 'chai';
import { type EventStore, OptimizelySpanProcessor } from 'opentelemetry-exporter-optimizely';
import type { StoredEvent } from 'opentelemetry-exporter-optimizely/file-store';
import { makeDatafile } from '../support/datafile.js';
import { RecordingDispatcher, RecordingLogger } from '../support/fakes.js';

class RecordingStore implements EventStore {
  readonly available = 0;
  readonly events: StoredEvent[] = [];

  open(): void {}

  append(event: StoredEvent): number {
    return this.events.push(event);
  }

  remove(): void {}

  release(): void {}

  async read() {
    return [];
  }

  async close(): Promise<void> {}
}

describe('The time at which a stored event was accepted', () => {
  const { now } = Date;
  const { now: performanceNow } = performance;

  afterEach(() => {
    Date.now = now;
    performance.now = performanceNow;
  });

  it('is not that of the event before where it has a timestamp of its own', async () => {
    const eventStore = new RecordingStore();
    const processor = new OptimizelySpanProcessor({
      datafile: makeDatafile(),
      eventDispatcher: new RecordingDispatcher(),
      logger: new RecordingLogger(),
      eventStore,
    });
    const time = 1_750_000_000_000;
    const hour = 3_600_000;
    Date.now = () => time;
    processor.recordConversion({ userId: 'u', eventKey: 'purchase' });
    Date.now = () => time + hour;
    performance.now = () => performanceNow.call(performance) + hour;
    processor.recordConversion({ userId: 'u', eventKey: 'purchase', timestamp: time - hour });
    Date.now = now;
    performance.now = performanceNow;
    const hours = eventStore.events.map(({ acceptedAt }) => Math.round((acceptedAt - time) / hour) + 0);
    expect(hours).to.deep.equal([0, 1]);
    await processor.shutdown();
  });
});
