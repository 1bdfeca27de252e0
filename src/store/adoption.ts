// SPDX-License-Identifier: Apache-2.0
import type { Runtime } from '../model/runtime.js';
import { fs, join } from '../util/builtins.js';
import { FileTooLarge, NotRegularFile, readRegular } from '../util/regular-file.js';
import {
  CLOSED_FILE,
  FOREIGN_INSTANCE_NAME,
  INSTANCE_NAME,
  type InstanceDirectory,
  lastSignOfLife,
  OWNER_FILE,
} from './instance-directory.js';
import { liveInstances } from './live-instances.js';
import { judgeOwner } from './liveness.js';
import { type OwnerRecord, parseOwner } from './owner.js';
import { MAX_SEGMENT_BYTES } from './record-layout.js';
import { SPARE_FILE } from './spare-file.js';
import { taskStateOf } from './task-state.js';

/** A host name, ids and numbers: a few hundred bytes. */
const MAX_OWNER_BYTES = 16_384;

const RECORDS_NAME = /^\d+\.(seg|ack)$/;

export interface DirectoryListing {
  /** Instance directories of others, by name. Links to directories are none. */
  readonly instances: readonly string[];
  /** There are some of another version of the format. */
  readonly otherVersions: boolean;
}

/** Rejects with what the file system says. */
export async function listInstances(parent: string): Promise<DirectoryListing> {
  const directories = (await fs.promises.readdir(parent, { withFileTypes: true })).filter(entry =>
    entry.isDirectory(),
  );
  const names = directories.map(entry => entry.name);
  return {
    instances: names.filter(name => INSTANCE_NAME.test(name)),
    otherVersions: names.some(name => FOREIGN_INSTANCE_NAME.test(name) && !INSTANCE_NAME.test(name)),
  };
}

/**
 * "Now" as the file system of the instances tells it.
 *
 * @returns a function that answers undefined if it can't be told how old the heartbeats of others are
 */
export function fileSystemClock(instance: InstanceDirectory): (since: number) => Promise<number | undefined> {
  let now: number | undefined;
  return async since => {
    try {
      if (now === undefined || now < since) now = await instance.beat();
      return instance.hasJustWoken ? undefined : now;
    } catch {
      return undefined;
    }
  };
}

/**
 * Whether its owner writes this directory no more. Never rejects: in doubt the owner lives.
 *
 * @param askNow "now" as the file system tells it, not before `since`: a sign of life that was given during a long look
 * is else taken for one from the future
 */
export async function isDead(
  path: string,
  self: OwnerRecord,
  askNow: (since: number) => Promise<number | undefined>,
): Promise<boolean> {
  try {
    if (await isClosed(path)) return true;
    const owner = await readOwner(path);
    const task = owner === undefined ? 'hidden' : await taskStateOf(owner, self);
    const lastSeenAt = await lastSignOfLife(path);
    const now = await askNow(lastSeenAt);
    const facts = {
      closed: false,
      owner,
      self,
      task,
      listedHere: liveInstances().has(path),
      heartbeatAgeMillis: now === undefined ? undefined : now - lastSeenAt,
    };
    return judgeOwner(facts) === 'dead';
  } catch {
    return false;
  }
}

/**
 * Takes a directory: of several who try, one succeeds. Rejects with what the file system says, but for one that is gone.
 *
 * @returns its new path, undefined if another one was faster
 */
export async function takeDirectory(
  path: string,
  name: string,
  into: InstanceDirectory,
  runtime: Runtime,
): Promise<string | undefined> {
  // The second name is for a copy of a directory that was adopted already.
  for (const free of [name, `v1-${runtime.uuid()}`]) {
    const ours = join(into.path, free);
    try {
      await fs.promises.rename(path, ours);
      return ours;
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'ENOENT') return undefined;
      if ((code !== 'ENOTEMPTY' && code !== 'EEXIST') || free !== name) throw error;
    }
  }
  return undefined;
}

/** Bytes of the segments and acks of a directory, at any depth. What can't be ours counts nothing. Never rejects. */
export async function directoryBytes(path: string): Promise<number> {
  const entries = await fs.promises.readdir(path, { withFileTypes: true }).catch(() => []);
  let bytes = 0;
  for (const entry of entries) {
    const child = join(path, entry.name);
    if (entry.isDirectory() && INSTANCE_NAME.test(entry.name)) bytes += await directoryBytes(child);
    else if (entry.isFile() && RECORDS_NAME.test(entry.name) && entry.name !== SPARE_FILE)
      bytes += await bytesOf(child);
  }
  return bytes;
}

async function bytesOf(path: string): Promise<number> {
  const size = await fs.promises.lstat(path).then(
    entry => entry.size,
    () => 0,
  );
  // One that will not be read takes nothing of the bounds; it must not keep the others from being taken either.
  return size <= MAX_SEGMENT_BYTES ? size : 0;
}

/** Rejects with what the file system says. @returns undefined if there is none that can be understood */
export async function readOwner(path: string): Promise<OwnerRecord | undefined> {
  try {
    return await readRegular(join(path, OWNER_FILE), MAX_OWNER_BYTES, text => parseOwner(text.toString()));
  } catch (error) {
    if (error instanceof NotRegularFile || error instanceof FileTooLarge) return undefined;
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

async function isClosed(path: string): Promise<boolean> {
  return fs.promises.lstat(join(path, CLOSED_FILE)).then(
    entry => entry.isFile(),
    () => false,
  );
}
