// SPDX-License-Identifier: Apache-2.0

import type { Datafile, DatafileIndex } from '../model/datafile-index.js';
import type { Runtime } from '../model/runtime.js';
import { isStackOverflow } from '../util/guard.js';
import { isObject, type JsonObject } from '../util/json.js';
import { contentFingerprint } from './content-fingerprint.js';
import { type DatafileSketch, sameSketch, sketchOf } from './datafile-sketch.js';
import { DatafileError, parseDatafile } from './parse-datafile.js';

/** A manager that goes back and forth between two datafiles pays for each of them once. */
const MOST_KEPT = 2;
const CHECK_MILLIS = 1_000;
/** At most a hundredth of the time goes into comparing contents, however large they are. */
const REST_PER_CHECK = 100;

/** Of a datafile that was given: what it was made of, and what came of it. */
interface Prepared {
  readonly given: unknown;
  /** Undefined for text, which can't change. */
  readonly sketch: DatafileSketch | undefined;
  readonly fingerprint: string | undefined;
  readonly outcome: DatafileIndex | DatafileError;
}

/**
 * Prepares the datafiles of a manager, each content once, also where the manager makes its object anew for each event.
 *
 * Text is known by its characters. An object is taken for one that was given before while it has the same scalars
 * (`revision` among them) and its lists have the same lengths, which is cheap to see; whether all of it is the same is
 * looked at once a second, so that a change behind the same revision is noticed too, also one in place.
 */
export class PreparedDatafiles {
  readonly #runtime: Pick<Runtime, 'monotonic'>;
  readonly #onChangedInPlace: () => void;
  #kept: readonly Prepared[] = [];
  #checkAt = 0;

  constructor(runtime: Pick<Runtime, 'monotonic'>, onChangedInPlace: () => void) {
    this.#runtime = runtime;
    this.#onChangedInPlace = onChangedInPlace;
  }

  /** @returns the datafile ready for lookups, or what is wrong with its content */
  prepare(given: Datafile): DatafileIndex | DatafileError {
    const sketch = isObject(given) ? attempt(() => sketchOf(given)) : undefined;
    if (sketch instanceof DatafileError) return sketch;
    const known =
      sketch === undefined ? this.#sameText(given) : this.#sameObject(given as JsonObject, sketch);
    return (known ?? this.#add(given, sketch)).outcome;
  }

  #sameText(given: unknown): Prepared | undefined {
    return this.#use(this.#kept.find(kept => kept.given === given));
  }

  #sameObject(given: JsonObject, sketch: DatafileSketch): Prepared | undefined {
    const alike = this.#kept.filter(kept => kept.sketch !== undefined && sameSketch(kept.sketch, sketch));
    const [latest] = alike;
    const now = this.#runtime.monotonic();
    if (latest === undefined || now < this.#checkAt) return this.#use(latest);
    const fingerprint = contentFingerprint(given);
    this.#restAfterCheck(now);
    const same = alike.find(kept => kept.fingerprint === fingerprint);
    if (same === undefined && latest.given === given) this.#onChangedInPlace();
    return this.#use(same);
  }

  #add(given: Datafile, sketch: DatafileSketch | undefined): Prepared {
    const outcome = attempt(() => parseDatafile(given, { bare: true }));
    const now = this.#runtime.monotonic();
    const fingerprint = sketch && contentFingerprint(given as object);
    if (sketch !== undefined) this.#restAfterCheck(now);
    const added = { given, sketch, fingerprint, outcome };
    this.#kept = [added, ...this.#kept].slice(0, MOST_KEPT);
    return added;
  }

  /** The least recently used one is the first to be forgotten. */
  #use(known: Prepared | undefined): Prepared | undefined {
    if (known !== undefined && known !== this.#kept[0]) {
      this.#kept = [known, ...this.#kept.filter(kept => kept !== known)];
    }
    return known;
  }

  #restAfterCheck(startedAt: number): void {
    const now = this.#runtime.monotonic();
    this.#checkAt = now + Math.max(CHECK_MILLIS, (now - startedAt) * REST_PER_CHECK);
  }
}

function attempt<T>(work: () => T): T | DatafileError {
  try {
    return work();
  } catch (error) {
    // Says nothing about the datafile, which may be read from another place of the application.
    if (isStackOverflow(error)) throw error;
    return error instanceof DatafileError ? error : new DatafileError('the datafile cannot be read');
  }
}
