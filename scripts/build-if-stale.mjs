// SPDX-License-Identifier: Apache-2.0
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

// node scripts/build-if-stale.mjs [--if-missing]
//
// Builds the packages unless what was built is as new as the sources. Examples and tests run it: a `prepare` script
// would build at every install, and npm warns those who install the package of it. So does each package before it is
// packed: one build makes all of them, and a release packs them side by side.

const ROOT = resolve(import.meta.dirname, '..');

/** @param anyBuild whether an old one will do */
export function buildIfStale(anyBuild = false) {
  const packages = readdirSync(join(ROOT, 'packages')).map(name => join(ROOT, 'packages', name));
  const folders = [ROOT, ...packages.filter(folder => existsSync(join(folder, 'package.json')))];
  if (folders.every(folder => isBuilt(folder, anyBuild))) return;
  const { status } = spawnSync('npm', ['run', 'build'], { cwd: ROOT, stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}

/** Whether no source of the package is newer than what was built. */
function isBuilt(folder, anyBuild) {
  const [sources, built] = [join(folder, 'src'), join(folder, 'dist/index.js')];
  if (!existsSync(built)) return false;
  if (anyBuild) return true;
  const { mtimeMs } = statSync(built);
  return readdirSync(sources, { recursive: true, withFileTypes: true }).every(
    entry => entry.isDirectory() || statSync(join(entry.parentPath, entry.name)).mtimeMs <= mtimeMs,
  );
}

if (process.argv[1] === fileURLToPath(import.meta.url)) buildIfStale(process.argv.includes('--if-missing'));
