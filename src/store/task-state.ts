// SPDX-License-Identifier: Apache-2.0
import { fs } from '../util/builtins.js';
import { sameNamespace, samePlainHost, type TaskState } from './liveness.js';
import { type OwnerRecord, parseTaskStat } from './owner.js';

/** Asks the system whether the thread that wrote an owner record still runs. */
export async function taskStateOf(owner: OwnerRecord, self: OwnerRecord): Promise<TaskState> {
  if (samePlainHost(owner, self)) return signalState(owner.pid) === 'gone' ? 'gone' : 'hidden';
  if (!sameNamespace(owner, self)) return 'hidden';
  try {
    const stat = await fs.promises.readFile(`/proc/${owner.pid}/task/${owner.taskId}/stat`, 'latin1');
    const { state, startTime } = parseTaskStat(stat);
    // A zombie waits for its parent to look; it no longer writes.
    const over = state === 'Z' || state === 'X' || startTime !== owner.startTime;
    return over ? 'gone' : 'running';
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return code === 'ENOENT' || code === 'ESRCH' ? await missingTaskState(owner.pid) : 'hidden';
  }
}

/** `/proc` may be mounted so that it hides the processes of others (hidepid). */
async function missingTaskState(pid: number): Promise<TaskState> {
  if (signalState(pid) === 'gone') return 'gone';
  try {
    await fs.promises.access(`/proc/${pid}/stat`);
    return 'gone';
  } catch {
    return 'hidden';
  }
}

function signalState(pid: number): 'there' | 'gone' {
  try {
    process.kill(pid, 0);
    return 'there';
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH' ? 'gone' : 'there';
  }
}
