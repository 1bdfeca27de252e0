// SPDX-License-Identifier: Apache-2.0
import type { RefusalReason } from '../model/receipt.js';
import type { RefusalDetails, RefusalLog } from '../util/refusal-log.js';
import type { PlannedRefusal } from './request-plan.js';

/** As it should be: the project, or its traffic, has no use for them. */
const EXPECTED: ReadonlySet<RefusalReason> = new Set(['flag_decisions_off', 'no_experiment']);

/**
 * Logs events that are refused for good before the exporter gets them: many senders do not show what the answer says, and
 * a metric does not tell which key is missing. What the exporter refuses it logs itself.
 */
export class RefusedEvents {
  readonly #log: Pick<RefusalLog, 'note'>;

  constructor(log: Pick<RefusalLog, 'note'>) {
    this.#log = log;
  }

  note({ project, reason, message, count }: PlannedRefusal): void {
    // Logged by name, once.
    if (reason === 'unknown_project') return;
    const details: RefusalDetails = { count, level: EXPECTED.has(reason) ? 'info' : 'warn' };
    const of = project === '' ? '' : `project ${project}: `;
    const kind = `${of}events refused for good (${reason}): ${message}`;
    this.#log.note(kind, kind, details);
  }
}
