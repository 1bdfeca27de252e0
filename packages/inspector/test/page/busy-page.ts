// SPDX-License-Identifier: Apache-2.0
import type { Page } from 'playwright-core';
import { batchOf, conversion, impression } from '../harness.js';
import { post } from './browser.js';

const EVENTS_A_BATCH = 200;

/** Posts impressions and conversions in turn, three requests at a time. The first 30 batches come in their order. */
export async function sendMany(endpoint: string, events: number): Promise<void> {
  const timestamp = Date.now() - 1_000;
  let next = 0;
  const sendNext = () => {
    const first = (next++ * EVENTS_A_BATCH) / 2;
    const pair = (number: number) => `v${first + number}`;
    const visitors = Array.from({ length: EVENTS_A_BATCH / 2 }, (_, number) => [
      impression({ visitorId: pair(number), timestamp }),
      conversion({ visitorId: pair(number), timestamp: timestamp + 1 }),
    ]);
    return post(endpoint, batchOf(visitors.flat()));
  };
  const wanted = events / EVENTS_A_BATCH;
  while (next < Math.min(30, wanted)) await sendNext();
  const sender = async () => {
    while (next < wanted) await sendNext();
  };
  await Promise.all([sender(), sender(), sender()]);
}

/** Keeps how long the page was busy at a time, in milliseconds. */
export function watchTasks(page: Page): Promise<void> {
  return page.evaluate(() => {
    const tasks: number[] = [];
    Object.assign(globalThis, { tasks });
    new PerformanceObserver(list => tasks.push(...list.getEntries().map(({ duration }) => duration))).observe(
      { entryTypes: ['longtask'] },
    );
  });
}

export async function longestTask(page: Page): Promise<number> {
  const tasks = await page.evaluate(() => (globalThis as unknown as { tasks: number[] }).tasks);
  return Math.max(0, ...tasks);
}

/** @returns bytes that the page's JavaScript keeps */
export async function heapOf(page: Page): Promise<number> {
  const session = await page.context().newCDPSession(page);
  await session.send('HeapProfiler.collectGarbage');
  return page.evaluate(
    () => (performance as unknown as { memory: { usedJSHeapSize: number } }).memory.usedJSHeapSize,
  );
}

/** @returns milliseconds that it took */
export async function timed(act: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await act();
  return performance.now() - started;
}
