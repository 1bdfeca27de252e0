// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { startLocalEventsEndpoint } from 'opentelemetry-exporter-optimizely/testing';

/** The application in test/instrumentation/app, with Optimizely's SDK loaded each way. */
const PROGRAMS = [
  ['--require', './telemetry.cjs', 'required.cjs'],
  ['--import', './telemetry.mjs', 'named.mjs'],
  ['--import', './telemetry.mjs', 'subpath.mjs'],
  ['--import', './telemetry.mjs', 'both.mjs'],
];

const datafile = readFileSync(process.argv[2], 'utf8');
for (const args of PROGRAMS) {
  const endpoint = await startLocalEventsEndpoint({ datafile: JSON.parse(datafile) });
  const { stdout, stderr } = await promisify(execFile)(process.execPath, args, {
    env: {
      ...process.env,
      OTEL_METRICS_EXPORTER: 'none',
      OTEL_LOGS_EXPORTER: 'none',
      TEST_DATAFILE: datafile,
      TEST_EVENTS_ENDPOINT: endpoint.url,
    },
  });
  await endpoint.close();
  // Node 26 warns of `module.register()`, which the loader hook of OpenTelemetry needs.
  assert(!stderr.includes('ptimizely'), stderr);
  const received = endpoint.batches.flatMap(batch => batch.events);
  const { shown } = JSON.parse(stdout);
  assert(shown.length > 0);
  for (const [, events] of shown) {
    assert.deepEqual(events, ['optimizely.impression', 'optimizely.conversion'], args.join(' '));
  }
  assert.equal(received.length, 2 * shown.length, args.join(' '));
  assert.deepEqual(
    received.flatMap(({ problems }) => problems.map(({ message }) => message)),
    [],
  );
}
