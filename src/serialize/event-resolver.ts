// SPDX-License-Identifier: Apache-2.0
import type { DatafileIndex } from '../model/datafile-index.js';
import type { ExperimentEvent, ExperimentImpression } from '../model/experiment-event.js';
import { AMBIGUOUS_EVALUATION } from '../model/inferred-rule.js';
import type { EventLedger, LedgerWarning } from '../model/ledger.js';
import type { Logger } from '../model/logger.js';
import type { SerializedEvent } from '../model/serialized-event.js';
import { OnceLog } from '../util/episode-log.js';
import type { Unresolved } from './unresolved.js';
import { UserEventFactory } from './user-event-factory.js';

/** Looks an event's keys up in a datafile and serializes it, or counts and logs why that is not possible. */
export class EventResolver {
  readonly #ledger: EventLedger;
  readonly #logger: Logger;
  readonly #factory: UserEventFactory;
  readonly #said = new OnceLog();

  constructor(ledger: EventLedger, logger: Logger) {
    this.#ledger = ledger;
    this.#logger = logger;
    this.#factory = new UserEventFactory({ onWarning: kind => this.#warn(kind) });
  }

  /** @returns undefined if it was refused, and counted */
  resolve(event: ExperimentEvent, datafile: DatafileIndex, acceptedAt: number): SerializedEvent | undefined {
    const complete =
      event.type === 'impression' && event.inferRule === true ? this.#inferRule(event, datafile) : event;
    const resolved =
      'reason' in complete ? complete : this.#factory.createUserEvent(complete, datafile, acceptedAt);
    if (!('reason' in resolved)) return resolved;
    this.refuse(event, resolved);
    return undefined;
  }

  refuse(event: ExperimentEvent, { reason, field }: Unresolved): void {
    if (this.#said.first(`${event.type}.${reason}.${field}`)) {
      const level = reason === 'flag_decisions_off' || reason === 'no_experiment' ? 'info' : 'warn';
      this.#logger[level](`${event.type} refused: ${explain(reason, field)}`);
    }
    this.#ledger.dropped(reason, [event.uuid]);
  }

  #inferRule(event: ExperimentImpression, datafile: DatafileIndex): ExperimentImpression | Unresolved {
    const rule = datafile.inferRule(event.flagKey, event.variationKey);
    if (typeof rule === 'object') return { ...event, ...rule };
    if (rule === 'ambiguous') this.#warn('ambiguous_evaluation');
    return { reason: 'no_experiment', field: 'flagKey' };
  }

  #warn(kind: LedgerWarning): void {
    this.#ledger.warned(kind);
    if (this.#said.first(kind)) this.#logger.warn(WARNINGS[kind]);
  }
}

const WARNINGS: Readonly<Record<LedgerWarning, string>> = {
  unknown_variation:
    'an impression names a variationKey that the datafile does not know: it is sent with a null variation id',
  ambiguous_evaluation: AMBIGUOUS_EVALUATION,
};

function explain(reason: Unresolved['reason'], field: string): string {
  switch (reason) {
    case 'invalid':
      return `${field} cannot be serialized to JSON`;
    case 'unknown_key':
      return field === 'ruleKey'
        ? 'ruleKey is not in the datafile for this flagKey and ruleType'
        : `${field} is not in the datafile`;
    case 'flag_decisions_off':
      return 'its ruleType is rollout, and the datafile says not to send these (sendFlagDecisions)';
    case 'no_experiment':
      return 'a flag evaluation, and the datafile has no one experiment of its flag with its variation';
  }
}
