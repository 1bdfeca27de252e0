// SPDX-License-Identifier: Apache-2.0
import { once } from 'node:events';
import { OptimizelySpanProcessor } from 'opentelemetry-exporter-optimizely';
import { createJetStreamDispatcher } from 'optimizely-event-gateway/jetstream';
import { makeDatafile } from '../../../../test/support/datafile.js';

/**
 * Many applications in one process, each with a processor and a dispatcher of its own, at their defaults. Each records
 * two events a second, at times of its own.
 */
export interface AppsOrder {
  readonly servers: string;
  readonly apps: number;
  readonly seconds: number;
}

export interface AppsReport {
  readonly recorded: number;
  readonly streamed: number;
  readonly cpuMicrosAnEvent: number;
}

const EVERY_MILLIS = 500;

const [order] = (await once(process, 'message')) as [AppsOrder];
const { servers, apps, seconds } = order;
const datafile = makeDatafile();
const before = process.cpuUsage();
const running = Array.from({ length: apps }, (_, n) => {
  const eventDispatcher = createJetStreamDispatcher({ servers, name: `app-${n % 20}` });
  const processor = new OptimizelySpanProcessor({ datafile, eventDispatcher, install: false });
  return { processor, eventDispatcher };
});
let recorded = 0;
const endsAt = Date.now() + seconds * 1000;
await Promise.all(
  running.map(async ({ processor }, n) => {
    await new Promise(resolve => setTimeout(resolve, Math.random() * EVERY_MILLIS));
    for (let event = 0; Date.now() < endsAt; event++) {
      processor.recordConversion({ userId: `user-${n}-${event}`, eventKey: 'purchase' });
      recorded++;
      await new Promise(resolve => setTimeout(resolve, EVERY_MILLIS));
    }
  }),
);
const used = process.cpuUsage(before);
await Promise.all(running.map(({ processor }) => processor.shutdown()));
const streamed = running.reduce((sum, { processor }) => sum + processor.ledger().streamed, 0);
await Promise.all(running.map(({ eventDispatcher }) => eventDispatcher.close()));
const report: AppsReport = { recorded, streamed, cpuMicrosAnEvent: (used.user + used.system) / recorded };
process.send?.(report);
process.disconnect();
