// SPDX-License-Identifier: Apache-2.0
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ROOMS } from './rooms.mjs';

// node test/mutation/run.mjs [--incremental] [ROOM …]
//
// Changes the source of each room in every way that Stryker knows, one change at a time, and tells how many of the changes
// a test of the room notices. Reports are in reports/mutation/ROOM.html. With --incremental, what a run before found is
// used again for code and tests that are as they were.

const HERE = import.meta.dirname;
const ROOT = resolve(HERE, '../..');
const REPORTS = join(ROOT, 'reports/mutation');
const isIncremental = process.argv.includes('--incremental');
const wanted = process.argv.slice(2).filter(argument => argument !== '--incremental');
const rooms = Object.entries(ROOMS).filter(([room]) => wanted.length === 0 || wanted.includes(room));
if (rooms.length === 0) throw new Error(`no such room; there are ${Object.keys(ROOMS).join(', ')}`);

if (!existsSync(join(HERE, 'node_modules'))) run('npm', ['ci', '--ignore-scripts', '--prefix', HERE]);
mkdirSync(REPORTS, { recursive: true });

const scores = [];
for (const [room, tests] of rooms) {
  const config = join(REPORTS, `${room}.config.json`);
  writeFileSync(config, JSON.stringify(configOf(room, tests), undefined, 2));
  run(process.execPath, [join(HERE, 'node_modules/@stryker-mutator/core/bin/stryker.js'), 'run', config]);
  scores.push(scoreOf(room));
}
process.stdout.write(`${scores.join('\n')}\n`);

function configOf(room, tests) {
  return {
    mutate: [`src/${room}/**/*.ts`],
    testRunner: 'mocha',
    plugins: [pathToFileURL(join(HERE, 'node_modules/@stryker-mutator/mocha-runner/dist/src/index.js')).href],
    mochaOptions: {
      // .mocharc.json lists all tests.
      'no-config': true,
      require: ['test/support/hooks.ts'],
      spec: tests,
    },
    testRunnerNodeArgs: ['--import=./test/mutation/in-sandbox.mjs', '--expose-gc'],
    // One process a time: what the tests measure is theirs alone.
    concurrency: 1,
    // What a mutant left running is not left to all that follow.
    maxTestRunnerReuse: 100,
    coverageAnalysis: 'perTest',
    // What runs once, when a module is loaded, would take a process of its own and all tests, a mutant.
    ignoreStatic: true,
    timeoutMS: 5_000,
    disableTypeChecks: true,
    // Packages of workspaces, built code and reports are not needed beside.
    ignorePatterns: ['packages', 'dist', 'reports', 'api-docs', 'bench', 'examples', '.git', '.ci'],
    reporters: ['json', 'html', 'clear-text', 'progress-append-only'],
    clearTextReporter: { allowColor: false, logTests: false, reportTests: false, reportScoreTable: true },
    jsonReporter: { fileName: `reports/mutation/${room}.json` },
    htmlReporter: { fileName: `reports/mutation/${room}.html` },
    tempDirName: '.stryker-tmp',
    cleanTempDir: 'always',
    // Written by each run, used when asked to.
    incremental: true,
    force: !isIncremental,
    incrementalFile: `reports/mutation/${room}.incremental.json`,
    thresholds: { high: 90, low: 85, break: null },
    allowConsoleColors: false,
  };
}

function scoreOf(room) {
  const { files } = JSON.parse(readFileSync(join(REPORTS, `${room}.json`), 'utf8'));
  const counts = {};
  for (const { mutants } of Object.values(files)) {
    for (const { status } of mutants) counts[status] = (counts[status] ?? 0) + 1;
  }
  const { Killed = 0, Timeout = 0, Survived = 0, NoCoverage = 0 } = counts;
  const noticed = Killed + Timeout;
  const valid = noticed + Survived + NoCoverage;
  return `${room}: ${((100 * noticed) / valid).toFixed(1)} % of ${valid} mutants`;
}

function run(command, args) {
  const { status } = spawnSync(command, args, { cwd: ROOT, stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}
