// SPDX-License-Identifier: Apache-2.0
import { fs } from '../util/builtins.js';

/** Identifies the writer of an instance directory. Members that the system does not provide are null. */
export interface OwnerRecord {
  readonly version: 1;
  readonly host: string;
  readonly bootId: string | null;
  readonly pidNamespace: string | null;
  readonly pid: number;
  /** The operating system's id of the thread; of the main thread it is the pid. */
  readonly taskId: number | null;
  /** When the thread started, in clock ticks since the boot. */
  readonly startTime: string | null;
  /** Node's number of the thread, 0 for the main one. */
  readonly threadId: number;
}

/** Who calls. Must run on the thread that it is about: `/proc/thread-self` is the one that looks. */
export function ownerOfThisThread(): OwnerRecord {
  const link = /^(\d+)\/task\/(\d+)$/.exec(attempt(() => fs.readlinkSync('/proc/thread-self')) ?? '');
  const stat = attempt(() => fs.readFileSync('/proc/thread-self/stat', 'latin1'));
  // A /proc of another pid namespace numbers processes in its own way: what it says of a pid would be of another one.
  const trusted = link !== null && Number(link[1]) === process.pid && stat !== undefined;
  return {
    version: 1,
    host: process.getBuiltinModule('node:os').hostname(),
    bootId: attempt(() => fs.readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim()) ?? null,
    pidNamespace: (trusted ? attempt(() => fs.readlinkSync('/proc/self/ns/pid')) : undefined) ?? null,
    pid: process.pid,
    taskId: trusted ? Number(link[2]) : null,
    startTime: trusted ? parseTaskStat(stat).startTime : null,
    threadId: process.getBuiltinModule('node:worker_threads').threadId,
  };
}

/** Never throws. @returns undefined if the text is torn, of another version, or not an owner record */
export function parseOwner(text: string): OwnerRecord | undefined {
  const owner = attempt(() => JSON.parse(text) as Partial<OwnerRecord> | null);
  const isCount = (value: unknown) => Number.isInteger(value) && (value as number) >= 0;
  const isText = (value: unknown) => value === null || typeof value === 'string';
  const known =
    owner?.version === 1 &&
    typeof owner.host === 'string' &&
    isCount(owner.pid) &&
    owner.pid !== 0 &&
    isCount(owner.threadId) &&
    (owner.taskId === null || isCount(owner.taskId)) &&
    [owner.bootId, owner.pidNamespace, owner.startTime].every(isText);
  return known ? (owner as OwnerRecord) : undefined;
}

/** Of a `stat` file of `/proc`: fields 3 and 22. Field 2, the name, may hold spaces and brackets. */
export function parseTaskStat(stat: string): { readonly state: string; readonly startTime: string } {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return { state: fields[0] ?? '', startTime: fields[19] ?? '' };
}

function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
