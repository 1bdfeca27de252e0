// SPDX-License-Identifier: Apache-2.0

import type { DatafileIndex } from '../model/datafile-index.js';
import type { ExperimentEvent } from '../model/experiment-event.js';
import type { LedgerWarning } from '../model/ledger.js';
import type { SerializedEvent } from '../model/serialized-event.js';
import { toBeCopied } from '../util/event-text.js';
import { callback } from '../util/options/option-table.js';
import { resolveOptions } from '../util/options/resolve-options.js';
import { takeOptions } from '../util/options/take-options.js';
import { ownEvent } from '../util/own-event.js';
import { EventSerializer } from './event-serializer.js';
import type { Unresolved } from './unresolved.js';

export const USER_EVENT_FACTORY = {
  name: 'UserEventFactory',
  example: 'new UserEventFactory({ onWarning })',
  table: { onWarning: callback<(kind: LedgerWarning) => void>('{ onWarning: kind => … }') },
};

/** Looks keys up in the datafile and serializes the event: once, to the text that goes on the wire. */
export class UserEventFactory {
  readonly #serializer: EventSerializer;

  constructor(options: { onWarning?: ((kind: LedgerWarning) => void) | undefined } = {}) {
    const { options: taken, logger } = takeOptions(USER_EVENT_FACTORY, options);
    const { onWarning } = resolveOptions(USER_EVENT_FACTORY.table, taken, logger);
    this.#serializer = new EventSerializer(onWarning ?? (() => {}));
  }

  /**
   * Looks the event up and serializes it. Amounts that it does not name are read from its tags.
   *
   * @param acceptedAt when the event was recorded, monotonic clock in milliseconds
   * @returns why not, and the member to look at, if it can't be sent
   */
  createUserEvent(
    event: ExperimentEvent,
    config: DatafileIndex,
    acceptedAt: number,
  ): SerializedEvent | Unresolved {
    const made = this.#serializer.serialize(ownEvent(event), config, acceptedAt);
    return made.type === 'unresolved' ? made : toBeCopied(made);
  }
}
