// SPDX-License-Identifier: Apache-2.0
import { readdirSync, readFileSync } from 'node:fs';

/**
 * How many files and sockets this process may open besides those that it has open. Where there are no more, a connection
 * is closed without a word, and neither Optimizely nor a store can be reached.
 *
 * @returns undefined where that is not known: on systems other than Linux, or without a limit
 */
export function openFilesLeft(): number | undefined {
  try {
    const [, limit] = /^Max open files +(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8')) ?? [];
    return limit === undefined ? undefined : Number(limit) - readdirSync('/proc/self/fd').length;
  } catch {
    return undefined;
  }
}

const KEPT = 64;
/** Connections to Optimizely, the files of a store, and the datafile. */
const KEPT_FOR_PROJECT = 12;

/**
 * @param left files that may be opened, as `openFilesLeft()` has them
 * @returns how many connections may be open, at least one: what a gateway delivers needs files, too
 */
export function bearableConnections(
  maxConnections: number,
  left: number | undefined,
  projects: number,
): number {
  if (left === undefined) return maxConnections;
  const kept = Math.min(KEPT + projects * KEPT_FOR_PROJECT, Math.ceil(left / 2));
  return Math.max(1, Math.min(maxConnections, left - kept));
}
