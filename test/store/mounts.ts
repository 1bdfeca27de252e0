// SPDX-License-Identifier: Apache-2.0
import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { makeDirectory } from './harness.js';

const run = (command: string, args: readonly string[]) => execFileSync(command, args, { stdio: 'pipe' });

const mounted = new Set<string>();

/** A small file system in memory, or undefined where mounting one is not allowed. */
export function mountSmall(size: string): string | undefined {
  const path = join(makeDirectory(), 'small');
  mkdirSync(path);
  try {
    run('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'event-store-test', path]);
  } catch {
    return undefined;
  }
  mounted.add(path);
  return path;
}

export function remount(path: string, options: string): void {
  run('mount', ['-o', `remount,${options}`, path]);
}

export function unmountAll(): void {
  for (const path of mounted) run('umount', ['-l', path]);
  mounted.clear();
}

/** Whether this system lets us make pid namespaces. */
export function canUnshare(): boolean {
  try {
    run('unshare', ['--pid', '--fork', '--mount-proc', 'true']);
    return true;
  } catch {
    return false;
  }
}
