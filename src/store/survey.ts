// SPDX-License-Identifier: Apache-2.0
import { fs, join } from '../util/builtins.js';
import { isDead, listInstances, readOwner } from './adoption.js';
import { INSTANCE_NAME, lastSignOfLife } from './instance-directory.js';
import { readAcks, scanFile } from './load-segment.js';
import { type OwnerRecord, ownerOfThisThread } from './owner.js';
import { RecordDecoder } from './record-decoder.js';

/** What one instance directory holds, those that it has adopted included. */
export interface InstanceSurvey {
  readonly name: string;
  /** If false, the next store that opens in the parent directory adopts it. */
  readonly alive: boolean;
  /** Undefined if it can't be read. */
  readonly owner: OwnerRecord | undefined;
  /** Milliseconds since the epoch, by the file system's clock. */
  readonly lastSeenAt: number;
  readonly segments: number;
  /** Records that were neither delivered nor dropped. */
  readonly pending: number;
  /** Of these, those that wait for a datafile. */
  readonly unresolved: number;
  /** Of the segments. */
  readonly bytes: number;
  /** When the oldest pending record was accepted. */
  readonly oldestAcceptedAt: number | undefined;
  /** Segments of another version, or none at all. */
  readonly unreadable: number;
}

/** An instance directory that can't be scanned into. */
export interface HiddenInstance {
  readonly name: string;
  readonly uid: number;
  /** What the file system says. */
  readonly error: unknown;
}

export interface StoreSurvey {
  readonly instances: readonly InstanceSurvey[];
  readonly hidden: readonly HiddenInstance[];
}

type Contents = Pick<
  InstanceSurvey,
  'segments' | 'pending' | 'unresolved' | 'bytes' | 'oldestAcceptedAt' | 'unreadable'
>;

const NOTHING: Contents = {
  segments: 0,
  pending: 0,
  unresolved: 0,
  bytes: 0,
  oldestAcceptedAt: undefined,
  unreadable: 0,
};

/**
 * Looks at a store's directory and changes nothing in it. What its owners do meanwhile may be seen in part. Rejects
 * where the directory can't be read.
 *
 * @param now milliseconds since the epoch
 */
export async function surveyStore(directory: string, now: () => number): Promise<StoreSurvey> {
  const self = ownerOfThisThread();
  const instances: InstanceSurvey[] = [];
  const hidden: HiddenInstance[] = [];
  for (const name of [...(await listInstances(directory)).instances].sort()) {
    const path = join(directory, name);
    try {
      instances.push(await surveyInstance(path, name, self, now));
    } catch (error) {
      // Gone while we scanned: delivered or adopted.
      const uid = await fs.promises.lstat(path).then(
        entry => entry.uid,
        () => undefined,
      );
      if (uid !== undefined) hidden.push({ name, uid, error });
    }
  }
  return { instances, hidden };
}

async function surveyInstance(
  path: string,
  name: string,
  self: OwnerRecord,
  now: () => number,
): Promise<InstanceSurvey> {
  const alive = !(await isDead(path, self, async () => now()));
  const owner = await readOwner(path);
  const lastSeenAt = await lastSignOfLife(path);
  return { name, alive, owner, lastSeenAt, ...(await surveyDirectory(path)) };
}

async function surveyDirectory(path: string): Promise<Contents> {
  let all = NOTHING;
  for (const entry of await fs.promises.readdir(path, { withFileTypes: true })) {
    const child = join(path, entry.name);
    if (/^\d+\.seg$/.test(entry.name)) all = add(all, await surveySegment(child));
    else if (entry.isDirectory() && INSTANCE_NAME.test(entry.name))
      all = add(all, await surveyDirectory(child));
  }
  return all;
}

async function surveySegment(path: string): Promise<Contents> {
  const found = await scanFile(path);
  if (found === undefined)
    return { ...NOTHING, segments: 1, bytes: (await fs.promises.lstat(path)).size, unreadable: 1 };
  const { header, spans, file, bytes } = found;
  if (header === 'unknown' || (header === 'damaged' && spans.length === 0)) {
    return { ...NOTHING, segments: 1, bytes, unreadable: 1 };
  }
  const removed = await readAcks(path.replace(/\.seg$/, '.ack'));
  const decoder = new RecordDecoder();
  const events = spans
    .filter(({ index }) => removed[index] !== 1)
    .map(({ offset, index }) => decoder.decode(file, offset, index))
    .filter(event => event !== undefined);
  return {
    segments: 1,
    pending: events.length,
    unresolved: events.filter(({ kind }) => kind === 'unresolved').length,
    bytes,
    oldestAcceptedAt: earliest(events.map(({ acceptedAt }) => acceptedAt)),
    unreadable: 0,
  };
}

function add(a: Contents, b: Contents): Contents {
  return {
    segments: a.segments + b.segments,
    pending: a.pending + b.pending,
    unresolved: a.unresolved + b.unresolved,
    bytes: a.bytes + b.bytes,
    oldestAcceptedAt: earliest([a.oldestAcceptedAt, b.oldestAcceptedAt]),
    unreadable: a.unreadable + b.unreadable,
  };
}

function earliest(times: readonly (number | undefined)[]): number | undefined {
  let first: number | undefined;
  for (const time of times) if (time !== undefined && !(first !== undefined && first <= time)) first = time;
  return first;
}
