// SPDX-License-Identifier: Apache-2.0
//
// npm run demo:gateway: two services that know OpenTelemetry only, one in Python's shape and one in JavaScript, the
// gateway, and behind it the event inspector in place of Optimizely. Nothing leaves this machine.
import { fileURLToPath } from 'node:url';
import { CommandProcess } from './command-process.js';
import { sendAsJavaScript } from './javascript-service.js';
import { sendAsPython } from './python-shaped-service.js';

const VISITORS = 100;
const packages = new URL('../../packages/', import.meta.url);
const pathOf = (path: string) => fileURLToPath(new URL(path, packages));
const sample = pathOf('inspector/sample/sample.json');

const inspector = new CommandProcess(pathOf('inspector/dist/cli/index.js'), [
  '--port',
  '0',
  '--datafile',
  sample,
]);
const page = await inspector.says(/Page\s+(\S+)/);
const endpoint = new URL('/v1/events', page).href;
const gateway = new CommandProcess(pathOf('gateway/dist/cli/index.js'), [
  ...['--datafile', sample, '--endpoint', endpoint, '--port', '0'],
]);
const url = await gateway.says(/"listening on (http[^"]+)"/);
console.log(`The inspector, in place of Optimizely: ${page}`);
console.log(`The gateway: ${url}`);

try {
  const python = await sendAsPython(url, VISITORS);
  console.log(
    `A service in Python's shape sent ${python.events} log records in ${python.requests} requests.`,
  );
  const javascript = await sendAsJavaScript(url, VISITORS);
  console.log(`A service in JavaScript sent ${javascript.events} span events. Each got its receipt.`);
  const repeated = await sendAsPython(url, VISITORS);
  console.log(`The first one lost the answers, and sent all ${repeated.events} again.`);

  const { impressions, conversions, lost, tick } = await overviewOf(page);
  console.log(
    `Arrived: ${impressions} impressions and ${conversions} conversions in ${tick.batches} batches.`,
  );
  console.log(`Optimizely would not count ${lost} of them.`);
  const sent = python.events + javascript.events;
  if (impressions + conversions !== sent || lost > 0) process.exitCode = 1;
  if (process.stdout.isTTY) {
    console.log(`Look at them: ${page} (Ctrl-C ends)`);
    await new Promise(resolve => process.once('SIGINT', resolve));
  }
} finally {
  await gateway.end();
  await inspector.end();
}

interface Overview {
  readonly impressions: number;
  readonly conversions: number;
  readonly lost: number;
  readonly tick: { readonly batches: number };
}

async function overviewOf(inspectorUrl: string): Promise<Overview> {
  const response = await fetch(new URL('/api/overview', inspectorUrl));
  return (await response.json()) as Overview;
}
