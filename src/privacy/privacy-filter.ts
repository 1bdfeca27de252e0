// SPDX-License-Identifier: Apache-2.0
import type { DropReason } from '../model/drop-reason.js';
import type { ExperimentEvent } from '../model/experiment-event.js';
import type { PackageLogger } from '../model/logger.js';
import type { Runtime } from '../model/runtime.js';
import { OnceLog } from '../util/episode-log.js';
import { ImpressionDedupe } from '../util/impression-dedupe.js';
import { keepListed } from './allow-list.js';
import { askBeforeSend, type CheckEvent } from './before-send.js';
import type { ResolvedPrivacyOptions } from './privacy-options.js';
import { userIdHash } from './user-id-hash.js';

/** Why an event does not go on. */
export interface Withheld {
  readonly type: 'withheld';
  readonly dropped: Extract<DropReason, 'before_send' | 'deduplicated' | 'invalid'>;
}

export interface PrivacyFilterDependencies {
  readonly check: CheckEvent;
  readonly logger: PackageLogger;
  readonly runtime: Runtime;
}

/** What the application lets out of its events: `beforeSend`, the allow list, the hash of user ids, and `dedupe`. */
export class PrivacyFilter {
  readonly #options: ResolvedPrivacyOptions;
  readonly #deps: PrivacyFilterDependencies;
  readonly #hash: ((userId: string) => string) | undefined;
  readonly #dedupe: ImpressionDedupe | undefined;
  readonly #said = new OnceLog();

  constructor(options: ResolvedPrivacyOptions, dependencies: PrivacyFilterDependencies) {
    const { userIdHashKey, dedupe } = options;
    this.#options = options;
    this.#deps = dependencies;
    if (userIdHashKey !== undefined) this.#hash = userIdHash(userIdHashKey);
    if (dedupe !== undefined) this.#dedupe = new ImpressionDedupe(dedupe, dependencies.runtime);
  }

  /** Never throws. @returns what may go on of the event, or why nothing may */
  pass(event: ExperimentEvent): ExperimentEvent | Withheld {
    const { beforeSend } = this.#options;
    let passed = event;
    if (beforeSend !== undefined) {
      const answer = askBeforeSend(beforeSend, event, this.#deps.check);
      if (answer.type === 'not sent') {
        if (answer.fault !== undefined && this.#said.first(answer.fault))
          this.#deps.logger.alert(
            'OPTIMIZELY_EVENTS_DROPPED',
            'error',
            `events are dropped: ${answer.fault}`,
          );
        return { type: 'withheld', dropped: 'before_send' };
      }
      passed = answer;
    }
    try {
      // After beforeSend, which may add what must not leave.
      passed = this.redact(passed);
      return this.#isRepeated(passed) ? { type: 'withheld', dropped: 'deduplicated' } : passed;
    } catch {
      if (this.#said.first('unreadable'))
        this.#deps.logger.alert(
          'OPTIMIZELY_EVENTS_DROPPED',
          'warn',
          'an event is refused: its members cannot be read',
        );
      return { type: 'withheld', dropped: 'invalid' };
    }
  }

  /** The same for the trace, which must not show more than Optimizely is sent. */
  redact(event: ExperimentEvent): ExperimentEvent {
    const { allowedAttributes } = this.#options;
    const listed = allowedAttributes === undefined ? event : keepListed(event, allowedAttributes);
    return this.#hash === undefined ? listed : { ...listed, userId: this.#hash(listed.userId) };
  }

  #isRepeated(event: ExperimentEvent): boolean {
    return event.type === 'impression' && this.#dedupe?.isFirst(event) === false;
  }

  /** An event that passed was refused further on. */
  refused(event: ExperimentEvent): void {
    if (event.type === 'impression') this.#dedupe?.forget(event);
  }
}
