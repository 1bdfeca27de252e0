// SPDX-License-Identifier: Apache-2.0
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { apiReports } from './api-reports.js';

// `npm run api` writes what the built declarations promise; with --check it fails where that is not what is here.
const FOLDER = fileURLToPath(new URL('.', import.meta.url));

const reports = apiReports();
const stale = readdirSync(FOLDER).filter(file => file.endsWith('.api.md') && !reports.has(file));
const changed = [...reports].filter(([file, text]) => {
  const path = join(FOLDER, file);
  return !existsSync(path) || readFileSync(path, 'utf8').replaceAll('\r\n', '\n') !== text;
});

if (!process.argv.includes('--check')) {
  for (const file of stale) rmSync(join(FOLDER, file));
  for (const [file, text] of changed) writeFileSync(join(FOLDER, file), text);
  say(`${changed.length} API reports written, ${stale.length} removed`);
} else if (stale.length + changed.length === 0) {
  say(`the public API is what ${reports.size} reports say`);
} else {
  for (const file of stale) say(`test/api/${file} is of a subpath that is no more`);
  for (const [file, text] of changed) showDifference(file, text);
  say(
    'The public API has changed. If that is meant, `npm run api` and commit test/api; say it in the changelog.',
  );
  process.exitCode = 1;
}

function showDifference(file: string, text: string): void {
  const folder = mkdtempSync(join(tmpdir(), 'api-report-'));
  const now = join(folder, file);
  writeFileSync(now, text);
  const before = existsSync(join(FOLDER, file)) ? join(FOLDER, file) : '/dev/null';
  const { stdout } = spawnSync('git', ['diff', '--no-index', '--no-color', before, now], {
    encoding: 'utf8',
  });
  rmSync(folder, { recursive: true });
  const difference = stdout ? stdout.slice(Math.max(0, stdout.indexOf('@@'))) : 'differs\n';
  say(`test/api/${file}\n${difference}`);
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
