// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { datafilePath } from './scenario.cjs';

// What /register needs to be quiet.
process.env.OPTIMIZELY_DATAFILE_PATH = datafilePath;

// Every entry of `exports`, loaded both ways, shows the same names.
const require = createRequire(import.meta.url);
const { name, exports } = require('opentelemetry-exporter-optimizely/package.json');
const subpaths = Object.keys(exports).filter(subpath => subpath !== './package.json');
assert(subpaths.length >= 3);
for (const subpath of subpaths) {
  const specifier = subpath.replace('.', name);
  const imported = Object.keys(await import(specifier));
  const required = Object.keys(require(specifier));
  assert.notEqual(imported.length, 0, `${specifier} exports nothing`);
  assert.deepEqual(imported.sort(), required.sort(), specifier);
}
