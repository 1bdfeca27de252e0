// SPDX-License-Identifier: Apache-2.0
import { UndiciEventDispatcher } from 'opentelemetry-exporter-optimizely';
import { end, send } from './harness/child.js';
import { cpuNanos } from './harness/clock.js';
import { longestBlockDuring } from './harness/longest-block.js';

/** Milliseconds. */
export interface FirstAndLater {
  readonly first: number;
  readonly later: number;
}

const REQUESTS = 8;
/** By then the process has been idle, and what is loaded meanwhile is there. */
const IDLE_MILLIS = 1_500;
const PAUSE_MILLIS = 50;

/** A process that has made no request yet, and then makes some, one after another, by us or by bare undici. */
const [by, measure, url = ''] = process.argv.slice(2);
const body = JSON.stringify({ visitors: [] });
const headers = { 'Content-Type': 'application/json' };
const dispatch = by === 'bare' ? await bareDispatch() : ourDispatch();
const costOf = measure === 'block' ? longestBlockDuring : cpuMillisOf;
await pause(IDLE_MILLIS);
const costs: number[] = [];
for (let n = 0; n < REQUESTS; n++) {
  costs.push(await costOf(dispatch));
  await pause(PAUSE_MILLIS);
}
const later = costs.slice(REQUESTS / 2).sort((a, b) => a - b);
await send({ first: costs[0], later: later[Math.floor(later.length / 2)] });
end();

function ourDispatch(): () => Promise<unknown> {
  const dispatcher = new UndiciEventDispatcher();
  return () => dispatcher.dispatchEvent({ httpVerb: 'POST', url, headers, body } as never);
}

async function bareDispatch(): Promise<() => Promise<unknown>> {
  const { Agent } = await import('undici');
  const agent = new Agent();
  const { origin, pathname: path } = new URL(url);
  return () =>
    new Promise<void>((resolve, reject) => {
      agent.dispatch(
        { origin, path, method: 'POST', headers, body },
        {
          onRequestStart() {},
          onResponseStart() {},
          onResponseData() {},
          onResponseEnd: () => resolve(),
          onResponseError: (_, error) => reject(error),
        },
      );
    });
}

async function cpuMillisOf(work: () => Promise<unknown>): Promise<number> {
  const before = cpuNanos();
  await work();
  return (cpuNanos() - before) / 1e6;
}

function pause(millis: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, millis));
}
