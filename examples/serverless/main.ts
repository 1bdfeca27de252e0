// SPDX-License-Identifier: Apache-2.0
//
// npm run example:serverless: two functions that are frozen between invocations, and two scripts that just end.
// Read lambda.ts or wait-until.ts first.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { startLocalEventsEndpoint } from 'opentelemetry-exporter-optimizely/testing';
import { datafileOf } from '../datafile.js';
import { environmentWith } from '../local-endpoint.js';
import { arrivedAt, check, endWithin, ledgerLine, problemsAt } from '../outcome.js';
import type { PageRequest } from './pages.js';
import { FunctionInstance } from './platform.js';

endWithin(30_000);
await using endpoint = await startLocalEventsEndpoint({ datafile: datafileOf(42) });

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));

const requests = ['visitor-1', 'visitor-2', 'visitor-3'].flatMap<PageRequest>(visitorId => [
  { path: '/checkout', visitorId },
  { path: '/purchase', visitorId },
]);

for (const [name, title] of [
  ['lambda', 'lambda.ts: awaits forceFlush() inside the invocation'],
  ['wait-until', 'wait-until.ts: answers, and the platform waits for what waitUntil was given'],
] as const) {
  console.log(`\n${title}\n`);
  const before = arrivedAt(endpoint).length;
  const instance = await FunctionInstance.start(name, endpoint.url);
  let leftPending = 0;
  let ledger = '';
  for (const request of requests) {
    const { answered, frozen } = await instance.invoke(request);
    console.log(
      `  ${request.path} for ${request.visitorId}: ${answered.pending} pending when answered, ${frozen.pending} when frozen`,
    );
    leftPending += frozen.pending;
    ledger = ledgerLine(frozen);
  }
  await instance.dispose();
  const arrived = arrivedAt(endpoint).length - before;
  console.log(`  killed while frozen: ${ledger}\n`);
  check('nothing was pending whenever it was frozen', leftPending === 0);
  check(`all ${requests.length} events arrived, each once`, arrived === requests.length);
}

for (const [script, title] of [
  ['batch-size-one.ts', 'batch-size-one.ts: a script with batchSize 1, a request for each event'],
  ['before-exit.ts', 'before-exit.ts: a script with flushOnBeforeExit, one request at the end'],
] as const) {
  console.log(`\n${title}\n`);
  const before = arrivedAt(endpoint).length;
  const requestsBefore = endpoint.batches.length;
  const path = fileURLToPath(new URL(`./${script}`, import.meta.url));
  const child = spawn(process.execPath, [...process.execArgv, path], {
    env: environmentWith(endpoint.url),
    stdio: 'inherit',
  });
  const [code] = await once(child, 'exit');
  const arrived = arrivedAt(endpoint).length - before;
  console.log(`  ended with exit code ${code}, after ${endpoint.batches.length - requestsBefore} requests\n`);
  check('all 3 events arrived, each once', code === 0 && arrived === 3);
}

const uuids = arrivedAt(endpoint).map(({ uuid }) => uuid);
console.log();
check('no event arrived twice', new Set(uuids).size === uuids.length);
const problems = problemsAt(endpoint);
check(`Optimizely would count every event (${problems.length} problems)`, problems.length === 0);
