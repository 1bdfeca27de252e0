// SPDX-License-Identifier: Apache-2.0

import type { DatafileIndex } from '../model/datafile-index.js';
import type {
  ExperimentConversion,
  ExperimentEvent,
  ExperimentImpression,
  UserAttributes,
} from '../model/experiment-event.js';
import type { LedgerWarning } from '../model/ledger.js';
import type { SerializedEvent } from '../model/serialized-event.js';
import { amountsOf } from '../util/amounts.js';
import { serializedEvent } from '../util/event-text.js';
import { callback } from '../util/options/option-table.js';
import { resolveOptions } from '../util/options/resolve-options.js';
import { takeOptions } from '../util/options/take-options.js';
import { PreparedDecisions } from './prepared-decisions.js';
import { conversionOpening, PreparedTexts } from './prepared-texts.js';
import { escaped, quoted } from './quoted.js';
import { isAttributeValue, serializeTags } from './serialize-members.js';
import type { Unresolved } from './unresolved.js';
import { unusableMember } from './unusable-member.js';

export const USER_EVENT_FACTORY = {
  name: 'UserEventFactory',
  example: 'new UserEventFactory({ onWarning })',
  table: { onWarning: callback<(kind: LedgerWarning) => void>('{ onWarning: kind => … }') },
};

interface Prepared {
  readonly config: DatafileIndex;
  readonly texts: PreparedTexts;
  readonly decisions: PreparedDecisions;
}

/** Looks keys up in the datafile and serializes the event: once, to the text that goes on the wire. */
export class UserEventFactory {
  readonly #onWarning: (kind: LedgerWarning) => void;
  #prepared: Prepared | undefined;

  constructor(options: { onWarning?: ((kind: LedgerWarning) => void) | undefined } = {}) {
    const { options: taken, logger } = takeOptions(USER_EVENT_FACTORY, options);
    const { onWarning } = resolveOptions(USER_EVENT_FACTORY.table, taken, logger);
    this.#onWarning = onWarning ?? (() => {});
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
    const unusable = unusableMember(event);
    if (unusable !== undefined) return { reason: 'invalid', field: unusable };
    const { texts, decisions } = this.#preparedFor(config);
    let attributes: string;
    try {
      attributes = serializeAttributes(texts, event.attributes);
    } catch {
      return { reason: 'invalid', field: 'attributes' };
    }
    const snapshot =
      event.type === 'impression' ? this.#impression(event, decisions) : conversion(event, texts);
    if (typeof snapshot !== 'string') return snapshot;
    const json = `{"visitor_id":"${escaped(event.userId)}","attributes":[${attributes}${snapshot}`;
    return serializedEvent(event.type, config.context, json, acceptedAt, event.uuid);
  }

  #preparedFor(config: DatafileIndex): Prepared {
    if (this.#prepared?.config !== config) {
      this.#prepared = {
        config,
        texts: new PreparedTexts(config),
        decisions: new PreparedDecisions(config),
      };
    }
    return this.#prepared;
  }

  #impression(event: ExperimentImpression, decisions: PreparedDecisions): string | Unresolved {
    const decision = decisions.find(event);
    if ('reason' in decision) return decision;
    if (decision.unknownVariation) this.#onWarning('unknown_variation');
    const cmab = typeof event.cmabUuid === 'string' ? `,"cmab_uuid":"${escaped(event.cmabUuid)}"` : '';
    return (
      `${decision.opening}${event.enabled}${cmab}${decision.closing}${event.timestamp}` +
      `,"key":"campaign_activated","uuid":"${escaped(event.uuid)}"}]}]}`
    );
  }
}

function conversion(event: ExperimentConversion, texts: PreparedTexts): string | Unresolved {
  const { eventId, eventKey } = event;
  const opening = eventId === undefined ? texts.conversion(eventKey) : conversionOpening(eventId, eventKey);
  if (opening === undefined) return { reason: 'unknown_key', field: 'eventKey' };
  let text = `${opening}${event.timestamp},"uuid":"${escaped(event.uuid)}"`;
  try {
    const { revenue, value } = amountsOf(event);
    if (revenue !== undefined) text += `,"revenue":${revenue}`;
    if (value !== undefined) text += `,"value":${value}`;
    const tags = serializeTags(event.tags);
    return tags === undefined ? `${text}}]}]}` : `${text},"tags":${tags}}]}]}`;
  } catch {
    return { reason: 'invalid', field: 'tags' };
  }
}

/** The elements of a visitor's `attributes` and what follows them. */
function serializeAttributes(texts: PreparedTexts, attributes: UserAttributes = {}): string {
  let text = '';
  for (const key of Object.keys(attributes)) {
    const value = attributes[key];
    if (!isAttributeValue(value)) continue;
    const attribute = texts.attribute(key);
    if (attribute === undefined) continue;
    text += text === '' ? attribute.first : attribute.next;
    text += typeof value === 'string' ? quoted(value) : value;
  }
  return text + (text === '' ? texts.attributesEnd.none : texts.attributesEnd.some);
}
