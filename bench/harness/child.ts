// SPDX-License-Identifier: Apache-2.0
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const BENCH = fileURLToPath(new URL('..', import.meta.url));
/** Room for a million queued events on either side; the same for every process, as it bears on how often V8 collects. */
const NODE_OPTIONS = ['--expose-gc', '--max-old-space-size=4096'];
/** It triples the heap of a small server, and what a full collection costs: what is compiled already goes without. */
const LOADER = ['--import', 'tsx'];

/** Starts a file, named from `bench/` on or by its whole path, with a channel. It is gone when this process is. */
export function start(file: string, args: readonly string[] = []): ChildProcess {
  const execArgv = file.endsWith('.ts') ? [...NODE_OPTIONS, ...LOADER] : NODE_OPTIONS;
  return fork(resolve(BENCH, file), args, { execArgv });
}

/** Runs one to its end. @returns the messages it sent; none of a family of rows that needs what is not here */
export async function run<T>(file: string, args: readonly string[]): Promise<T[]> {
  const child = start(file, args);
  const messages: T[] = [];
  child.on('message', message => messages.push(message as T));
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`${file} ${args.join(' ')} ended with ${code}`);
  return messages;
}

/** To the process that started this one; resolves when it is on its way. */
export function send(message: unknown): Promise<void> {
  return new Promise((resolve, reject) => {
    process.send?.(message, (error: Error | null) => (error ? reject(error) : resolve()));
  });
}

/** Ends this process, and what waits in it by design, without a line about events that are lost. */
export function end(): never {
  process.removeAllListeners('exit');
  process.exit();
}
