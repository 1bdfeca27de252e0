// SPDX-License-Identifier: Apache-2.0
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** Has tsx resolve the package's names to what was built, and not to src/. */
const BUILT = { TSX_TSCONFIG_PATH: `${ROOT}/tsconfig.dist.json` };

export interface Run {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** What `npm run <name>` has tsx run. */
export function scriptOf(name: string): string {
  const { scripts } = JSON.parse(readFileSync(`${ROOT}/package.json`, 'utf8'));
  const path = /^tsx --tsconfig tsconfig\.dist\.json (examples\/[\w./-]+)$/.exec(scripts[name] ?? '')?.[1];
  if (path === undefined)
    throw new Error(
      `package.json has no script ${name} that is: tsx --tsconfig tsconfig.dist.json examples/…`,
    );
  return path;
}

/** Runs it to its end, and ends it and all that it has started where it takes too long. */
export async function runScript(path: string, limitMillis: number): Promise<Run> {
  const child = spawn(process.execPath, ['--import', 'tsx', path], {
    cwd: ROOT,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...BUILT, NODE_OPTIONS: '' },
  });
  const { pid } = child;
  if (pid === undefined) throw new Error('it did not start');
  const limit = setTimeout(() => process.kill(-pid, 'SIGKILL'), limitMillis);
  const [out, err, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close'),
  ]);
  clearTimeout(limit);
  return { code, out, err };
}
