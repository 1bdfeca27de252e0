// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { startLocalEventsEndpoint } from 'opentelemetry-exporter-optimizely/testing';
import { datafile, datafilePath, expectDelivered } from './scenario.cjs';

/** `--import registered.mjs` or `--require registered.cjs`: an application that starts with the package preloaded. */
const [flag, application] = process.argv.slice(2);

const endpoint = await startLocalEventsEndpoint({ datafile });
const { stdout, stderr } = await promisify(execFile)(
  process.execPath,
  [flag, 'opentelemetry-exporter-optimizely/register', application],
  {
    env: {
      ...process.env,
      OPTIMIZELY_DATAFILE_PATH: datafilePath,
      OPTIMIZELY_EVENTS_ENDPOINT: endpoint.url,
    },
  },
);
await endpoint.close();
assert.equal(stderr, '');
expectDelivered(endpoint, JSON.parse(stdout));
