// SPDX-License-Identifier: Apache-2.0

import type { Datafile, DatafileIndex } from '../model/datafile-index.js';
import type { PackageLogger } from '../model/logger.js';
import type { Runtime } from '../model/runtime.js';
import { errorLabel } from '../util/error-label.js';
import type { JsonObject } from '../util/json.js';
import { runAtOnce, runInSlices, type Steps } from '../util/steps.js';
import { contentFingerprint, Fingerprint, fingerprintInSteps } from './content-fingerprint.js';
import { neededOf } from './needed-members.js';
import { describeBadDatafile, prepareInSteps, readInSteps } from './parse-datafile.js';

/** A datafile that can come into force. */
interface Candidate {
  readonly fingerprint: string | undefined;
  /** Undefined if the datafile in force holds the same. */
  readonly index: DatafileIndex | undefined;
}

/** How long preparing may take the event loop for, and what ends it. */
export interface InSlices {
  readonly runtime: Pick<Runtime, 'monotonic' | 'setTimer'>;
  readonly signal: AbortSignal;
  /** Asked when it is prepared: another one may have come meanwhile. */
  readonly isStillWanted: () => boolean;
  /** Where it comes from, as the log names it. */
  readonly origin: string;
}

/** The datafile that a manager has in force, and those who hear of another one. */
export class DatafileInForce {
  readonly #logger: PackageLogger;
  readonly #listeners = new Set<() => void>();
  #index: DatafileIndex | undefined;
  #fingerprint: string | undefined;

  constructor(logger: PackageLogger) {
    this.#logger = logger;
  }

  get index(): DatafileIndex | undefined {
    return this.#index;
  }

  /** @returns a function that undoes it */
  onUpdate(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Prepares it at once. @returns whether it is in force; if not, why was logged */
  replace(datafile: Datafile): boolean {
    try {
      return this.#take(runAtOnce(this.#prepare(datafile)));
    } catch (error) {
      return this.#refuse(error);
    }
  }

  /**
   * Prepares it in slices, while the one before it stays in force.
   *
   * @returns whether it is in force; if not, why was logged, or it is not wanted any more
   */
  async replaceInSlices(
    text: string,
    { runtime, signal, isStillWanted, origin }: InSlices,
  ): Promise<boolean> {
    try {
      const candidate = await runInSlices(this.#prepare(text), runtime, signal);
      return candidate !== undefined && isStillWanted() && this.#take(candidate);
    } catch (error) {
      return this.#refuse(error, origin);
    }
  }

  *#prepare(datafile: Datafile): Steps<Candidate> {
    const { content, fingerprint } = yield* read(datafile);
    const isInForce = fingerprint !== undefined && fingerprint === this.#fingerprint;
    return { fingerprint, index: isInForce ? undefined : yield* prepareInSteps(content) };
  }

  #take({ fingerprint, index }: Candidate): boolean {
    if (index === undefined) return true;
    this.#index = index;
    this.#fingerprint = fingerprint;
    for (const listener of [...this.#listeners]) {
      try {
        listener();
      } catch (error) {
        this.#logger.error(`an onUpdate listener failed: ${errorLabel(error)}`);
      }
    }
    return true;
  }

  #refuse(error: unknown, origin?: string): false {
    const line = describeBadDatafile(error, this.#index !== undefined, origin);
    this.#logger.alert('OPTIMIZELY_BAD_DATAFILE', 'error', line);
    return false;
  }
}

/** What the index needs of it, and the fingerprint of all of it. */
function* read(datafile: Datafile): Steps<{ content: JsonObject; fingerprint: string | undefined }> {
  if (typeof datafile !== 'string') {
    const content = yield* readInSteps(datafile);
    return { content, fingerprint: yield* fingerprintInSteps(content) };
  }
  const fingerprint = new Fingerprint();
  const content = yield* readInSteps(datafile, {
    reader: {
      value: (name, value) => fingerprint.value(name, value),
      items(name, items) {
        fingerprint.items(name, items);
        return neededOf(name, items);
      },
    },
  });
  // Text that nests too deep to be written again is known by its characters.
  return { content, fingerprint: fingerprint.text ?? contentFingerprint([datafile]) };
}
