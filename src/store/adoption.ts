// SPDX-License-Identifier: Apache-2.0
import { access, readdir, readFile, rename, stat } from 'node:fs/promises';
import { join } from 'node:path';
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
import { taskStateOf } from './task-state.js';

export interface DirectoryListing {
  /** Instance directories of others, by name. */
  readonly instances: readonly string[];
  /** There are some of another version of the format. */
  readonly otherVersions: boolean;
}

/** Rejects with what the file system says. */
export async function listInstances(parent: string): Promise<DirectoryListing> {
  const directories = (await readdir(parent, { withFileTypes: true })).filter(entry => entry.isDirectory());
  const names = directories.map(entry => entry.name);
  return {
    instances: names.filter(name => INSTANCE_NAME.test(name)),
    otherVersions: names.some(name => FOREIGN_INSTANCE_NAME.test(name) && !INSTANCE_NAME.test(name)),
  };
}

/** "Now" as the file system of the instances tells it. undefined: we can't tell how old others' heartbeats are. */
export async function fileSystemNow(instance: InstanceDirectory): Promise<number | undefined> {
  try {
    const now = await instance.beat();
    return instance.hasJustWoken ? undefined : now;
  } catch {
    return undefined;
  }
}

/** Whether nobody writes this directory any more. Never rejects: in doubt somebody does. */
export async function isDead(path: string, self: OwnerRecord, now: number | undefined): Promise<boolean> {
  try {
    const owner = await readOwner(path);
    const facts = {
      closed: await exists(join(path, CLOSED_FILE)),
      owner,
      self,
      task: owner === undefined ? 'hidden' : await taskStateOf(owner, self),
      listedHere: liveInstances().has(path),
      heartbeatAgeMillis: now === undefined ? undefined : now - (await lastSignOfLife(path)),
    } as const;
    return judgeOwner(facts) === 'dead';
  } catch {
    return false;
  }
}

/** Takes a directory: of several who try, one succeeds. @returns its new path, undefined if it was not to be had */
export async function takeDirectory(
  path: string,
  name: string,
  into: InstanceDirectory,
): Promise<string | undefined> {
  const ours = join(into.path, name);
  try {
    await rename(path, ours);
    return ours;
  } catch {
    return undefined;
  }
}

/** Bytes of the files of a directory, at any depth. Rejects with what the file system says. */
export async function directoryBytes(path: string): Promise<number> {
  let bytes = 0;
  for (const entry of await readdir(path, { withFileTypes: true })) {
    const child = join(path, entry.name);
    if (entry.isDirectory()) bytes += await directoryBytes(child);
    else if (entry.isFile()) bytes += (await stat(child)).size;
  }
  return bytes;
}

export async function readOwner(path: string): Promise<OwnerRecord | undefined> {
  try {
    return parseOwner(await readFile(join(path, OWNER_FILE), 'utf8'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch {
    return false;
  }
}
