// SPDX-License-Identifier: Apache-2.0
//
// Plain node processes that load the built package, NodeSDK and the SDK as an application does.
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import {
  type LocalEventsEndpoint,
  startLocalEventsEndpoint,
} from 'opentelemetry-exporter-optimizely/testing';
import { VERSIONS, type Version } from '../optimizely-sdk/clients.js';
import { readDatafile } from '../optimizely-sdk/datafiles.js';
import { Child } from '../support/child.js';
import { patience } from '../support/slowness.cjs';

const APP = fileURLToPath(new URL('./app', import.meta.url));
const MODULES = fileURLToPath(new URL('../../node_modules', import.meta.url));
const SDK = '@optimizely/optimizely-sdk';

/** The application in a folder of its own, with this version of the SDK under its proper name. */
function installApplication(version: Version): string {
  const folder = mkdtempSync(join(tmpdir(), 'instrumentation-'));
  cpSync(APP, folder, { recursive: true });
  const modules = join(folder, 'node_modules');
  mkdirSync(join(modules, '@optimizely'), { recursive: true });
  for (const name of readdirSync(MODULES)) {
    if (name !== '@optimizely' && !name.startsWith('.'))
      symlinkSync(join(MODULES, name), join(modules, name));
  }
  const source = join(MODULES, version === 5 ? 'optimizely-sdk-5' : SDK);
  cpSync(source, join(modules, SDK), { recursive: true, filter: path => !/\.(map|d\.ts)$/.test(path) });
  return folder;
}

interface Program {
  readonly args: readonly string[];
  readonly visitors: readonly string[];
  readonly versions?: readonly Version[];
}

const PROGRAMS: Record<string, Program> = {
  'as CommonJS, with --require': {
    args: ['--require', './telemetry.cjs', 'required.cjs'],
    visitors: ['required'],
  },
  'as CommonJS, by the subpath /node': {
    args: ['--require', './telemetry.cjs', 'required-subpath.cjs'],
    visitors: ['subpath'],
  },
  'as CommonJS, with --import': {
    args: ['--import', './telemetry.mjs', 'required.cjs'],
    visitors: ['required'],
  },
  'as ES modules, by its names': {
    args: ['--import', './telemetry.mjs', 'named.mjs'],
    visitors: ['named'],
  },
  'as ES modules, by the subpath /node': {
    args: ['--import', './telemetry.mjs', 'subpath.mjs'],
    visitors: ['subpath'],
  },
  'as ES modules, by its default export': {
    args: ['--import', './telemetry.mjs', 'default.mjs'],
    visitors: ['default'],
    versions: [5],
  },
  'both ways in one process': {
    args: ['--import', './telemetry.mjs', 'both.mjs'],
    visitors: ['imported', 'required'],
  },
};

describe('OptimizelyInstrumentation in NodeSDK', function () {
  this.timeout(patience(20_000));
  let endpoint: LocalEventsEndpoint;

  beforeEach(async () => {
    endpoint = await startLocalEventsEndpoint({ datafile: readDatafile() });
  });

  afterEach(() => endpoint.close());

  for (const version of VERSIONS) {
    describe(`instruments version ${version}`, () => {
      let folder: string;

      before(() => {
        folder = installApplication(version);
      });

      after(() => {
        rmSync(folder, { recursive: true });
      });

      for (const [loaded, { args, visitors, versions = VERSIONS }] of Object.entries(PROGRAMS)) {
        if (!versions.includes(version)) continue;
        it(`loaded ${loaded}`, async () => {
          const child = new Child(
            process.execPath,
            args,
            { TEST_DATAFILE: JSON.stringify(readDatafile()), TEST_EVENTS_ENDPOINT: endpoint.url },
            folder,
          );
          expect(await child.ended, child.stderr).to.deep.equal({ code: 0, signal: null });
          expect(child.stderr).to.equal('');
          const events = visitors.flatMap(visitor => [
            [visitor, 'impression'],
            [visitor, 'conversion'],
          ]);
          const received = endpoint.batches.flatMap(batch => batch.events);
          expect(received.map(event => [event.visitorId, event.type])).to.deep.equal(events);
          expect(received.flatMap(event => event.problems)).to.deep.equal([]);
          const shown = ['request', ['optimizely.impression', 'optimizely.conversion']];
          expect(child.told('shown')).to.deep.equal([visitors.map(() => shown)]);
        });
      }
    });
  }
});
