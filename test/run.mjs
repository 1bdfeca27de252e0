// SPDX-License-Identifier: Apache-2.0
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, relative, resolve } from 'node:path';
import { buildIfStale } from '../scripts/build-if-stale.mjs';
import { isIn, LONG, NIGHTLY, RUN_THE_BUILD, SPEC_FOLDERS } from './suites.mjs';

// node test/run.mjs [--unit | --nightly] [--watch] [FILE or FOLDER …] [mocha's options]
//
// Without a file: all tests but the nightly ones; with --unit those that neither run the build nor take long.

const ROOT = resolve(import.meta.dirname, '..');
const MODES = ['--unit', '--nightly', '--watch'];
const given = process.argv.slice(2);
const isMode = mode => given.includes(mode);
const rest = given.filter(argument => !MODES.includes(argument));
const named = rest.filter(argument => existsSync(argument));
const options = rest.filter(argument => !named.includes(argument));

const files = named.length > 0 ? named.flatMap(testFilesIn) : defaultFiles();
if (files.length === 0) throw new Error(`no test file in ${named.join(', ')}`);
if (files.some(file => isIn(RUN_THE_BUILD, file))) buildIfStale();

const require = createRequire(import.meta.url);
const mocha = join(require.resolve('mocha/package.json'), '../bin/mocha.js');
const watch = [
  '--watch',
  '--watch-files=src,test,packages/*/src,packages/*/test',
  '--watch-ignore=**/node_modules',
];
run(process.execPath, [mocha, ...configured(), ...(isMode('--watch') ? watch : []), ...options, ...files]);

/** .mocharc.json but its `spec`, which mocha would add to the files that it is given; hangs are ended sooner than there. */
function configured() {
  const {
    spec: _all,
    timeout: _longest,
    ...config
  } = JSON.parse(readFileSync(join(ROOT, '.mocharc.json'), 'utf8'));
  const { patience } = require('./support/slowness.cjs');
  const flags = Object.entries(config).flatMap(([name, value]) =>
    [value].flat().map(one => `--${name}=${one}`),
  );
  const ci = process.env.CI === undefined ? [] : ['--forbid-only'];
  return ['--no-config', ...flags, `--timeout=${patience(2_000)}`, ...ci];
}

function defaultFiles() {
  const all = SPEC_FOLDERS.filter(folder => existsSync(join(ROOT, folder))).flatMap(testFilesIn);
  if (isMode('--nightly')) return all.filter(file => isIn(NIGHTLY, file));
  const others = all.filter(file => !isIn(NIGHTLY, file));
  const isUnit = isMode('--unit') || isMode('--watch');
  return isUnit ? others.filter(file => !isIn([...RUN_THE_BUILD, ...LONG], file)) : others;
}

/** @returns paths from the root of the repository */
function testFilesIn(path) {
  const absolute = resolve(path);
  if (!statSync(absolute).isDirectory()) return [relative(ROOT, absolute)];
  return readdirSync(absolute, { recursive: true })
    .filter(name => name.endsWith('.test.ts') && !name.includes('node_modules'))
    .map(name => relative(ROOT, join(absolute, name)))
    .sort();
}

function run(command, args) {
  const { status, signal } = spawnSync(command, args, { cwd: ROOT, stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? (signal === 'SIGINT' ? 130 : 1));
}
