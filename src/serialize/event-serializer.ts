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
import { isBeingHandedOver } from '../util/latest-checked.js';
import { isLatestUuid } from '../util/system-runtime.js';
import type { ByBefore } from './member-openings.js';
import { numberText } from './number-text.js';
import { PreparedDecisions } from './prepared-decisions.js';
import { PreparedTexts } from './prepared-texts.js';
import { escaped, noteUnscanned, unscannedTexts } from './quoted.js';
import { appendAttributes, appendTags, CONVERSION_END } from './serialize-members.js';
import { TextAtMillis } from './text-at-millis.js';
import type { Unresolved } from './unresolved.js';
import { unusableMember } from './unusable-member.js';

interface Prepared {
  readonly config: DatafileIndex;
  readonly texts: PreparedTexts;
  readonly decisions: PreparedDecisions;
}

/** Looks keys up in the datafile and serializes the event: once, to the text that goes on the wire. */
export class EventSerializer {
  readonly #onWarning: (kind: LedgerWarning) => void;
  readonly #isForStore: boolean;
  #prepared: Prepared | undefined;

  /** @param isForStore whether an event store will be asked to take the events */
  constructor(onWarning: (kind: LedgerWarning) => void, isForStore = false) {
    this.#onWarning = onWarning;
    this.#isForStore = isForStore;
  }

  /**
   * Looks the event up and serializes it. Amounts that it does not name are read from its tags.
   *
   * @param acceptedAt when the event was recorded, monotonic clock in milliseconds
   * @returns the event, its text still in pieces; or why it can't be sent, and the member to look at
   */
  serialize(event: ExperimentEvent, config: DatafileIndex, acceptedAt: number): SerializedEvent | Unresolved {
    const unusable = isBeingHandedOver(event) ? undefined : unusableMember(event);
    if (unusable !== undefined) return { type: 'unresolved', reason: 'invalid', field: unusable };
    const prepared = this.#preparedFor(config);
    const unscannedBefore = unscannedTexts();
    const json =
      event.type === 'impression' ? this.#impression(event, prepared) : conversion(event, prepared.texts);
    if (typeof json !== 'string') return json;
    const isAscii = unscannedTexts() === unscannedBefore;
    return serializedEvent(event.type, config.context, json, acceptedAt, isAscii, this.#isForStore);
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

  #impression(event: ExperimentImpression, { texts, decisions }: Prepared): string | Unresolved {
    const decision = decisions.find(event);
    if (decision.type === 'unresolved') return decision;
    if (decision.unknownVariation) this.#onWarning('unknown_variation');
    if (!decision.isAscii) noteUnscanned();
    const visitor = visitorWith(event, texts, texts.attributesEnd);
    if (typeof visitor !== 'string') return visitor;
    const cmab = typeof event.cmabUuid === 'string' ? `,"cmab_uuid":"${escaped(event.cmabUuid)}"` : '';
    return (
      `${visitor}${decision.opening}${event.enabled}${cmab}${decision.closing}` +
      `${atActivation.of(event.timestamp)}${escapedUuid(event.uuid)}"}]}]}`
    );
  }
}

const NO_ATTRIBUTES: UserAttributes = {};

/** Up to the snapshot. @param end what follows the attributes */
function visitorWith(
  { userId, attributes = NO_ATTRIBUTES }: ExperimentEvent,
  texts: PreparedTexts,
  end: ByBefore,
): string | Unresolved {
  try {
    return appendAttributes(`{"visitor_id":"${escaped(userId)}`, attributes, texts.attributes, end);
  } catch {
    return { type: 'unresolved', reason: 'invalid', field: 'attributes' };
  }
}

const atActivation = new TextAtMillis(',"key":"campaign_activated","uuid":"');
const atConversion = new TextAtMillis(',"uuid":"');

function conversion(event: ExperimentConversion, texts: PreparedTexts): string | Unresolved {
  const prepared = texts.conversion(event.eventKey, event.eventId);
  if (prepared === undefined) return { type: 'unresolved', reason: 'unknown_key', field: 'eventKey' };
  if (!prepared.isAscii) noteUnscanned();
  const visitor = visitorWith(event, texts, prepared.opening);
  if (typeof visitor !== 'string') return visitor;
  let text = `${visitor}${atConversion.of(event.timestamp)}${escapedUuid(event.uuid)}`;
  try {
    const { revenue, value } = isBeingHandedOver(event) ? event : amountsOf(event);
    text = revenue === undefined ? `${text}"` : `${text}","revenue":${numberText(revenue)}`;
    if (value !== undefined) text = `${text},"value":${numberText(value)}`;
    return event.tags === undefined ? text + CONVERSION_END : appendTags(text, event.tags);
  } catch {
    return { type: 'unresolved', reason: 'invalid', field: 'tags' };
  }
}

function escapedUuid(uuid: string): string {
  return isLatestUuid(uuid) ? uuid : escaped(uuid);
}
