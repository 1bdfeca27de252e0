// SPDX-License-Identifier: Apache-2.0
import type { OwnerRecord } from './owner.js';

/** What the system says of an owner's thread. `hidden`: it does not tell us. */
export type TaskState = 'running' | 'gone' | 'hidden';

export interface LivenessFacts {
  /** It said itself that it is done. */
  readonly closed: boolean;
  /** Undefined if it can't be read. */
  readonly owner: OwnerRecord | undefined;
  readonly self: OwnerRecord;
  /** Of the owner's thread, where `knowsTasksOf` says that this means something. */
  readonly task: TaskState;
  /** It is a live instance of the thread that asks. */
  readonly listedHere: boolean;
  /**
   * How much older its heartbeat is than a file that was touched just now on the same file system. Undefined if
   * that can't be determined now.
   */
  readonly heartbeatAgeMillis: number | undefined;
}

export const HEARTBEAT_MILLIS = 5_000;
/** Six beats missed. */
export const STALE_MILLIS = 30_000;
/** Where only a pid is known, it may be another process's by now. */
const PID_REUSED_MILLIS = 600_000;

/** Both are numbered by the same pid namespace of the same machine, so that a pid means the same to both. */
export function sameNamespace(owner: OwnerRecord, self: OwnerRecord): boolean {
  return (
    owner.bootId !== null &&
    owner.bootId === self.bootId &&
    owner.pidNamespace !== null &&
    owner.pidNamespace === self.pidNamespace &&
    owner.taskId !== null &&
    owner.startTime !== null
  );
}

/** No `/proc` on either side: a pid is all there is, and namespaces of pids are not expected. */
export function samePlainHost(owner: OwnerRecord, self: OwnerRecord): boolean {
  return owner.bootId === null && self.bootId === null && owner.host === self.host;
}

/** Whether an instance directory may be taken. A wrong `dead` sends events twice, a wrong `alive` leaves them lying. */
export function judgeOwner(facts: LivenessFacts): 'alive' | 'dead' {
  const { owner, self, task } = facts;
  if (facts.closed) return 'dead';
  if (facts.listedHere) return 'alive';
  if (owner !== undefined && sameNamespace(owner, self)) {
    if (task === 'gone') return 'dead';
    // A live instance of our own thread that is not on our list belongs to another realm of it, or was forgotten.
    const ownThread = owner.pid === self.pid && owner.taskId === self.taskId;
    if (task === 'running' && !ownThread) return 'alive';
  } else if (owner !== undefined && samePlainHost(owner, self)) {
    if (task === 'gone') return 'dead';
    if (owner.pid !== self.pid) return byHeartbeat(facts, PID_REUSED_MILLIS);
  }
  return byHeartbeat(facts, STALE_MILLIS);
}

/** One far in the future was left before the clock was set back: a live owner would have beaten since. */
function byHeartbeat({ heartbeatAgeMillis }: LivenessFacts, staleMillis: number): 'alive' | 'dead' {
  return heartbeatAgeMillis !== undefined && Math.abs(heartbeatAgeMillis) > staleMillis ? 'dead' : 'alive';
}
