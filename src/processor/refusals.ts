// SPDX-License-Identifier: Apache-2.0
import type { DropReason } from '../model/drop-reason.js';
import type { CountedEvent, EventSettlement } from '../model/event-settlement.js';
import type { ExperimentEventType } from '../model/experiment-event.js';
import type { EventLedger } from '../model/ledger.js';
import type { PackageLogger } from '../model/logger.js';
import { OnceLog } from '../util/episode-log.js';
import { describeUnusable } from '../util/unusable-field.js';

/** Events that an entrance does not let in: counted, and each kind logged once. */
export class Refusals {
  readonly #ledger: EventLedger;
  readonly #logger: PackageLogger;
  readonly #said = new OnceLog();

  constructor(ledger: EventLedger, logger: PackageLogger) {
    this.#ledger = ledger;
    this.#logger = logger;
  }

  /** Input of which no event could be made. */
  refuseInput(type: ExperimentEventType, field: string, settlement: EventSettlement | undefined): void {
    this.#sayOnce(`${type}.${field}`, `${type} refused: ${describeUnusable(type, field)}`);
    this.drop('invalid', undefined, settlement);
  }

  /** A `beforeSend` that records an event for each event would go on until the stack ends. */
  refuseNested(event: CountedEvent, settlement?: EventSettlement): false {
    this.#sayOnce(
      'nested',
      'an event is refused: it was recorded while another one was, which was itself recorded so (by beforeSend, say)',
    );
    return this.drop('interrupted', event, settlement);
  }

  /** @param event undefined if it has no uuid yet */
  drop(reason: DropReason, event?: CountedEvent, settlement?: EventSettlement): false {
    if (event === undefined) {
      this.#ledger.dropped(reason, [], 1);
      settlement?.settled(reason);
    } else {
      this.#ledger.dropped(reason, [{ uuid: event.uuid, settlement }]);
    }
    return false;
  }

  #sayOnce(kind: string, line: string): void {
    if (this.#said.first(kind)) this.#logger.alert('OPTIMIZELY_EVENTS_DROPPED', 'warn', line);
  }
}
