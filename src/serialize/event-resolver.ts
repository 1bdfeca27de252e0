// SPDX-License-Identifier: Apache-2.0
import type { DatafileIndex } from '../model/datafile-index.js';
import type { EventSettlement } from '../model/event-settlement.js';
import type { ExperimentEvent, ExperimentImpression } from '../model/experiment-event.js';
import { AMBIGUOUS_EVALUATION } from '../model/inferred-rule.js';
import type { EventLedger } from '../model/ledger.js';
import type { PackageLogger } from '../model/logger.js';
import type { SerializedEvent } from '../model/serialized-event.js';
import { OnceLog } from '../util/episode-log.js';
import { withSettlement } from '../util/event-text.js';
import { isRuleToInfer } from '../util/own-event.js';
import { EventSerializer } from './event-serializer.js';
import { explainUnknownVariation, explainUnresolved } from './explain-unresolved.js';
import type { Unresolved } from './unresolved.js';

/** Looks an event's keys up in a datafile and serializes it, or counts and logs why that is not possible. */
export class EventResolver {
  readonly #ledger: EventLedger;
  readonly #logger: PackageLogger;
  readonly #serializer: EventSerializer;
  readonly #said = new OnceLog();
  /** Of the event that is being resolved. */
  #isVariationUnknown = false;

  /** @param isForStore whether an event store will be asked to take the events */
  constructor(ledger: EventLedger, logger: PackageLogger, isForStore = false) {
    this.#ledger = ledger;
    this.#logger = logger;
    this.#serializer = new EventSerializer(() => {
      this.#isVariationUnknown = true;
    }, isForStore);
  }

  /** @returns undefined if it was refused, and counted */
  resolve(
    event: ExperimentEvent,
    datafile: DatafileIndex,
    acceptedAt: number,
    settlement?: EventSettlement,
  ): SerializedEvent | undefined {
    const complete = isRuleToInfer(event) ? this.#inferRule(event as ExperimentImpression, datafile) : event;
    const resolved =
      complete.type === 'unresolved' ? complete : this.#serializer.serialize(complete, datafile, acceptedAt);
    if (this.#isVariationUnknown && event.type === 'impression') this.#warnOfVariation(event, datafile);
    if (resolved.type !== 'unresolved')
      return settlement === undefined ? resolved : withSettlement(resolved, settlement);
    this.refuse(event, resolved, datafile.context.revision, settlement);
    return undefined;
  }

  /** @param revision of the datafile that did not resolve it; undefined if there is none yet */
  refuse(
    event: ExperimentEvent,
    unresolved: Unresolved,
    revision?: string,
    settlement?: EventSettlement,
  ): void {
    const { reason, field } = unresolved;
    if (this.#said.first(`${event.type}.${reason}.${field}`)) {
      const line = explainUnresolved(event, unresolved, revision);
      if (reason === 'flag_decisions_off' || reason === 'no_experiment') this.#logger.info(line);
      // Before the line that counts: where there is no logger, the process is warned of one of them.
      else this.#logger.alert('OPTIMIZELY_EVENTS_DROPPED', 'warn', line);
    }
    this.#ledger.dropped(reason, [{ uuid: event.uuid, settlement }]);
  }

  #inferRule(event: ExperimentImpression, datafile: DatafileIndex): ExperimentImpression | Unresolved {
    const rule = datafile.inferRule(event.flagKey, event.variationKey);
    if (typeof rule === 'object') return { ...event, ...rule };
    if (rule === 'ambiguous') this.#warnOfAmbiguity();
    return { type: 'unresolved', reason: 'no_experiment', field: 'flagKey' };
  }

  #warnOfVariation(event: ExperimentImpression, { context }: DatafileIndex): void {
    this.#isVariationUnknown = false;
    this.#ledger.warned('unknown_variation');
    if (!this.#said.first('unknown_variation')) return;
    const line = explainUnknownVariation(event, context.revision);
    this.#logger.alert('OPTIMIZELY_DOUBTFUL_EVENT', 'warn', line);
  }

  #warnOfAmbiguity(): void {
    this.#ledger.warned('ambiguous_evaluation');
    if (this.#said.first('ambiguous_evaluation')) this.#logger.warn(AMBIGUOUS_EVALUATION);
  }
}
