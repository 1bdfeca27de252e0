// SPDX-License-Identifier: Apache-2.0

import type { Datafile, DatafileIndex } from '../model/datafile-index.js';
import { isStackOverflow, isThenable } from '../util/guard.js';
import { isObject, type JsonObject } from '../util/json.js';
import { ownJson } from '../util/own-json.js';
import { runAtOnce, type Steps } from '../util/steps.js';
import { indexDatafile } from './indexed-datafile.js';
import { type MemberReader, parseJsonInSteps } from './json-in-steps.js';

/** A datafile whose content can't be used. Its message names the member, never quotes the content. */
export class DatafileError extends Error {
  override readonly name = 'DatafileError';
  /** What may be meant, for those who gave the datafile themselves. */
  readonly advice: string;

  constructor(message: string, advice = '') {
    super(message);
    this.advice = advice;
  }
}

/**
 * The log line for a datafile that can't be used.
 *
 * @param origin where it comes from, if not from the application itself
 */
export function describeBadDatafile(error: unknown, oneInForce: boolean, origin?: string): string {
  const { message, advice } =
    error instanceof DatafileError ? error : new DatafileError('the datafile cannot be read');
  const reason =
    origin === undefined ? message + advice : `what comes from ${origin} cannot be used: ${message}`;
  return `${reason}; ${oneInForce ? 'the one before it stays in force' : 'events wait for a good one'}`;
}

/** A path or an address may be meant; no page of a proxy and no file of another kind. */
const ONE_LINE = /^[^\n{[<]{1,4096}$/;

const SUPPORTED_VERSIONS = ['2', '3', '4'];

/**
 * Prepares a datafile for lookups.
 *
 * @param bare take an object without `version`, as a custom ProjectConfigManager may give
 * @throws DatafileError if the content can't be used; the message says why
 */
export function parseDatafile(datafile: Datafile, { bare = false } = {}): DatafileIndex {
  return runAtOnce(parseInSteps(datafile, bare));
}

/**
 * What a datafile holds, whose members that everything depends on are as they must be.
 *
 * @throws DatafileError if the content can't be used; the message says why
 */
export function readDatafile(datafile: Datafile, { bare = false } = {}): JsonObject {
  return runAtOnce(readInSteps(datafile, { bare }));
}

/** @throws (at a step) as `readDatafile` */
export function* readInSteps(
  datafile: Datafile,
  { bare = false, reader }: { readonly bare?: boolean; readonly reader?: MemberReader } = {},
): Steps<JsonObject> {
  if (!isDatafileType(datafile)) throw new DatafileError(DATAFILE_TYPE);
  const given = typeof datafile === 'string' ? yield* parseText(datafile, reader) : datafile;
  const content: unknown = ownJson(given);
  if (!isObject(content)) throw new DatafileError('the datafile is not a JSON object');
  if (!(bare && content.version === undefined) && !SUPPORTED_VERSIONS.includes(content.version as string)) {
    throw new DatafileError(
      `the datafile's version must be one of the strings ${SUPPORTED_VERSIONS.join(', ')}`,
    );
  }
  for (const member of ['accountId', 'projectId', 'revision'] as const) {
    if (typeof content[member] !== 'string')
      throw new DatafileError(`the datafile's ${member} must be a string`);
  }
  return content;
}

/** @throws (at a step) DatafileError if the content can't be used; the message says why */
export function* prepareInSteps(content: JsonObject): Steps<DatafileIndex> {
  try {
    return yield* indexDatafile(content);
  } catch (error) {
    if (isStackOverflow(error)) throw error;
    throw new DatafileError('the datafile has a member of an unexpected shape');
  }
}

function* parseInSteps(datafile: Datafile, bare: boolean): Steps<DatafileIndex> {
  return yield* prepareInSteps(yield* readInSteps(datafile, { bare }));
}

function* parseText(text: string, reader?: MemberReader): Steps<unknown> {
  try {
    return yield* parseJsonInSteps(text, { reader });
  } catch (error) {
    if (isStackOverflow(error)) throw error;
    throw new DatafileError(
      'the datafile is not valid JSON',
      ONE_LINE.test(text) ? ': give its text, not where it lies' : '',
    );
  }
}

export const DATAFILE_TYPE = "datafile must be Optimizely's JSON as a string, or the object it holds";

/** Not bytes, which JSON could be made of, and not a promise of it. */
export function isDatafileType(datafile: unknown): datafile is Datafile {
  if (typeof datafile === 'string') return true;
  if (typeof datafile !== 'object' || datafile === null || Array.isArray(datafile)) return false;
  return !ArrayBuffer.isView(datafile) && !isThenable(datafile);
}
