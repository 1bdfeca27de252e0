// SPDX-License-Identifier: Apache-2.0
import { type InstanceSurvey, surveyStore } from '../store/survey.js';
import { errorLabel } from '../util/error-label.js';
import { safeText } from '../util/safe-text.js';
import type { Terminal } from './terminal.js';

/** Prints what a store's directory holds. Rejects where it can't be read. */
export async function listStore(
  directory: string,
  { out, style }: Terminal,
  now: () => number,
): Promise<number> {
  const { instances, hidden } = await surveyStore(directory, now);
  if (instances.length + hidden.length === 0) {
    out('no instances: nothing is stored here');
    return 0;
  }
  for (const instance of instances) for (const line of describe(instance, now(), style)) out(line);
  for (const { name, uid, error } of hidden) {
    out(name);
    out(style('yellow', `  unreadable ${errorLabel(error)}: the owner is uid ${uid}`));
  }
  const pending = instances.reduce((sum, instance) => sum + instance.pending, 0);
  out(style('bold', `${counted(instances.length, 'instance')}, ${counted(pending, 'record')} pending`));
  return 0;
}

function describe(instance: InstanceSurvey, now: number, style: Terminal['style']): string[] {
  const { name, alive, owner, segments, pending, unresolved, bytes, oldestAcceptedAt, unreadable } = instance;
  const who = owner === undefined ? 'owner unknown' : `pid ${owner.pid} on ${safeText(owner.host)}`;
  const seen = `last seen ${age(now - instance.lastSeenAt)} ago`;
  const lines = [
    name,
    `  owner      ${alive ? style('green', 'alive') : style('yellow', 'dead')}, ${who}, ${seen}`,
    `  pending    ${counted(pending, 'record')}${unresolved > 0 ? `, waiting for a datafile: ${unresolved}` : ''}`,
    `  files      ${counted(segments, 'segment')}, ${counted(bytes, 'byte')}`,
  ];
  if (oldestAcceptedAt !== undefined) {
    lines.push(`  oldest     ${dateOf(oldestAcceptedAt)}, ${age(now - oldestAcceptedAt)} ago`);
  }
  if (unreadable > 0)
    lines.push(
      style('yellow', `  unreadable ${counted(unreadable, 'segment')} (another version, or damaged)`),
    );
  return lines;
}

/** A file may say anything. */
function dateOf(millis: number): string {
  const date = new Date(millis);
  return Number.isNaN(date.getTime()) ? 'at an impossible time' : date.toISOString();
}

function age(millis: number): string {
  const seconds = Math.max(0, Math.round(millis / 1_000));
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7_200) return `${Math.round(seconds / 60)} min`;
  return seconds < 172_800 ? `${Math.round(seconds / 3_600)} h` : `${Math.round(seconds / 86_400)} days`;
}

/** `1 record`, `2 records`. */
function counted(count: number, one: string): string {
  return `${count} ${count === 1 ? one : `${one}s`}`;
}
