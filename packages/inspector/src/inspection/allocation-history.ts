// SPDX-License-Identifier: Apache-2.0
import type { ProjectNames } from './project-names.js';

const MOST_REVISIONS = 20;

/**
 * The datafiles that were in force, by revision: which traffic allocation has divided a visitor depends on the one that the
 * sender had, and not on the latest.
 */
export class AllocationHistory {
  readonly #byRevision = new Map<string, ProjectNames>();
  #latest: ProjectNames | undefined;

  /** Remembers a datafile; call it as often as you like. */
  note(names: ProjectNames): void {
    if (names === this.#latest) return;
    this.#latest = names;
    this.#byRevision.delete(names.revision);
    this.#byRevision.set(names.revision, names);
    if (this.#byRevision.size <= MOST_REVISIONS) return;
    for (const oldest of this.#byRevision.keys()) {
      this.#byRevision.delete(oldest);
      break;
    }
  }

  knows(revision: string): boolean {
    return this.#byRevision.has(revision);
  }

  /** @returns undefined if no datafile of the revision was in force, or it has no such experiment; `forced` if it names the visitor */
  find(
    experimentId: string,
    visitorId: string,
    revision: string,
  ): ReadonlyMap<string, number> | 'forced' | undefined {
    // A batch without a revision can't have come from another datafile more likely than from this one.
    const names = revision === '' ? this.#latest : this.#byRevision.get(revision);
    const rule = names?.rule(experimentId);
    return rule?.forcedVisitors.has(visitorId) ? 'forced' : rule?.weights;
  }
}
