// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Cell, type Group, groups } from './groups.js';
import { fillToolbox, type Manifest } from './toolbox.js';

// Packs the package, installs it into applications of every supported kind, and runs them under every supported Node
// version and SDK line. One line a cell; `--only=PATTERN` runs the cells whose name matches.

const JOBS = 2;
const only = new RegExp(process.argv.find(arg => arg.startsWith('--only='))?.slice('--only='.length) ?? '');

const folder = realpathSync(mkdtempSync(join(tmpdir(), 'matrix-')));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));

let passed = 0;
let failed = 0;
const startedAt = performance.now();

const manifest = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as Manifest;
const toolbox = await fillToolbox(folder, manifest);
say(`packed, Node versions installed (${secondsSince(startedAt)})`);

const wanted = groups(toolbox)
  .map(group => ({ ...group, cells: group.cells.filter(({ name }) => only.test(name)) }))
  .filter(({ cells }) => cells.length > 0);
const slots = makeSlots(JOBS);
await Promise.all(wanted.map(runGroup));

say(`${passed} cells passed, ${failed} failed (${secondsSince(startedAt)})`);
if (failed > 0 || passed === 0) process.exitCode = 1;

async function runGroup({ preparation, cells }: Group): Promise<void> {
  if (preparation !== undefined && !(await slots(() => runCell(preparation)))) {
    failed += cells.length;
    for (const { name } of cells) say(`FAIL        ${name}: not tried`);
    return;
  }
  await Promise.all(cells.map(cell => slots(() => runCell(cell))));
}

async function runCell({ name, run }: Cell): Promise<boolean> {
  const cellStartedAt = performance.now();
  try {
    await run();
    passed++;
    say(`ok   ${secondsSince(cellStartedAt).padStart(6)} ${name}`);
    return true;
  } catch (error) {
    failed++;
    const message = error instanceof Error ? error.message : String(error);
    say(
      `FAIL ${secondsSince(cellStartedAt).padStart(6)} ${name}\n${message.trim().replaceAll(/^/gm, '       ')}`,
    );
    return false;
  }
}

/** Runs so many at a time, in the order in which they were given. */
function makeSlots(free: number): <T>(job: () => Promise<T>) => Promise<T> {
  const waiting: (() => void)[] = [];
  return async job => {
    if (free > 0) free--;
    else await new Promise<void>(resolve => waiting.push(resolve));
    try {
      return await job();
    } finally {
      const next = waiting.shift();
      if (next === undefined) free++;
      else next();
    }
  };
}

function secondsSince(time: number): string {
  return `${((performance.now() - time) / 1_000).toFixed(1)} s`;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
