// SPDX-License-Identifier: Apache-2.0
import type { ExperimentEvent } from '../model/experiment-event.js';
import type { PackageLogger } from '../model/logger.js';
import { OnceLog } from '../util/episode-log.js';
import { doubtsOf, mayMislead } from '../util/event-doubts.js';

/** Tells, once a kind, of events that are sent and do not count as what they say. Never throws. */
export class DoubtLog {
  readonly #logger: PackageLogger;
  readonly #said = new OnceLog();

  constructor(logger: PackageLogger) {
    this.#logger = logger;
  }

  /**
   * @param event as it was recorded
   * @param sent what the privacy filter made of it
   */
  look(event: ExperimentEvent, sent: ExperimentEvent): void {
    try {
      if (!mayMislead(event)) return;
      for (const { kind, message } of doubtsOf(event, sent)) this.tell(kind, message);
    } catch {
      // A getter among the tags.
    }
  }

  tell(kind: string, message: string): void {
    try {
      if (this.#said.first(kind)) this.#logger.alert('OPTIMIZELY_DOUBTFUL_EVENT', 'warn', message);
    } catch {
      // At the end of the stack nothing can be said.
    }
  }
}
