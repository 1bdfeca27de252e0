// SPDX-License-Identifier: Apache-2.0
import type { Logger } from 'opentelemetry-exporter-optimizely';
import type { EventCount } from '../model/engine.js';

/** Names that are shown: senders choose them, and each is one more time series and one more line. */
const MAX_NAMES = 20;

/** Names of projects that the configuration does not have, as senders gave them. */
export class UnknownProjects {
  readonly #logger: Logger;
  readonly #names = new Set<string>();

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /** @returns the count, without a name if that is none of the first twenty */
  withKnownName(count: EventCount): EventCount {
    if (count.outcome !== 'unknown_project') return count;
    const { project, door } = count;
    if (this.#names.has(project)) return count;
    if (this.#names.size >= MAX_NAMES) return { ...count, project: '' };
    this.#names.add(project);
    const what = door === 'otlp' ? 'project' : 'project_id';
    const which = project === '' ? 'no project that may be shown' : `${what} "${project}"`;
    this.#logger.warn(
      `events are refused: they name ${which}, and the configuration has none for them, or none with a datafile`,
    );
    return count;
  }
}
