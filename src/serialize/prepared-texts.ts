// SPDX-License-Identifier: Apache-2.0

import type { DatafileIndex } from '../model/datafile-index.js';
import { isAscii } from '../util/characters.js';
import { type ByBefore, MemberOpenings, memberOpening, piece } from './member-openings.js';
import { flat } from './quoted.js';
import { Remembered } from './remembered.js';

const ATTRIBUTES = '","attributes":[';
const SNAPSHOTS = '],"snapshots":[';
const BOT_FILTERING = '{"entity_id":"$opt_bot_filtering","key":"$opt_bot_filtering","type":"custom","value":';

/** A conversion from the end of its visitor's attributes up to its timestamp. */
export interface PreparedConversion {
  readonly opening: ByBefore;
  readonly isAscii: boolean;
}

/** The parts of a visitor's JSON that are the same for many events, each made when it is first needed. */
export class PreparedTexts {
  /** A visitor's attributes up to their values; the first begins where the visitor's id ends. */
  readonly attributes: MemberOpenings;
  /** From the visitor's last attribute, or its id, to the snapshot. */
  readonly attributesEnd: ByBefore;
  readonly #conversions: Remembered<PreparedConversion | undefined>;

  constructor(config: DatafileIndex) {
    const { botFiltering } = config.context;
    const last = botFiltering === undefined ? '' : `${BOT_FILTERING}${botFiltering}}`;
    this.attributesEnd = piece(`${ATTRIBUTES}${last}${SNAPSHOTS}`, `}${last && ','}${last}${SNAPSHOTS}`);
    this.attributes = new MemberOpenings(key => {
      const opening = config.attributeOpening(key);
      return opening === undefined ? undefined : memberOpening(ATTRIBUTES + opening, `},${opening}`);
    });
    this.#conversions = new Remembered(eventKey => {
      const eventId = config.findEventId(eventKey);
      return eventId === undefined ? undefined : this.#makeConversion(eventId, eventKey);
    });
  }

  /**
   * @param eventId undefined for the one that the datafile has
   * @returns undefined if the datafile has no such event
   */
  conversion(eventKey: string, eventId: string | undefined): PreparedConversion | undefined {
    return eventId === undefined ? this.#conversions.of(eventKey) : this.#makeConversion(eventId, eventKey);
  }

  #makeConversion(eventId: string, eventKey: string): PreparedConversion {
    const snapshot = `{"events":[{"entity_id":${JSON.stringify(eventId)},"key":${JSON.stringify(eventKey)},"timestamp":`;
    const [nothing, text, other] = this.attributesEnd;
    return {
      opening: [flat(nothing + snapshot), flat(text + snapshot), flat(other + snapshot)],
      isAscii: isAscii(snapshot),
    };
  }
}
