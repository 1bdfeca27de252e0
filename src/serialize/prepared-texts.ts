// SPDX-License-Identifier: Apache-2.0
import type { DatafileIndex } from '../model/datafile-index.js';
import { remembered } from './remembered.js';

/** An attribute up to its value. The brace before the `next` one is the end of the attribute before it. */
export interface AttributeText {
  readonly first: string;
  readonly next: string;
}

const BOT_FILTERING = '{"entity_id":"$opt_bot_filtering","key":"$opt_bot_filtering","type":"custom","value":';

/** The parts of a visitor's JSON that are the same for many events, each made when it is first needed. */
export class PreparedTexts {
  /** The end of the `attributes`, where there is at least one and where there is none. */
  readonly attributesEnd: { readonly some: string; readonly none: string };
  /** @returns undefined if the attribute is not sent */
  readonly attribute: (key: string) => AttributeText | undefined;
  /** The snapshot of a conversion up to its timestamp; undefined if the datafile has no such event. */
  readonly conversion: (eventKey: string) => string | undefined;

  constructor(config: DatafileIndex) {
    const { botFiltering } = config.context;
    const last = botFiltering === undefined ? '' : `${BOT_FILTERING}${botFiltering}}`;
    this.attributesEnd = { some: `}${last && ','}${last}],"snapshots":[`, none: `${last}],"snapshots":[` };
    this.attribute = remembered(key => {
      const opening = config.attributeOpening(key);
      return opening === undefined ? undefined : { first: opening, next: `},${opening}` };
    });
    this.conversion = remembered(eventKey => {
      const eventId = config.findEventId(eventKey);
      return eventId === undefined ? undefined : conversionOpening(eventId, eventKey);
    });
  }
}

export function conversionOpening(eventId: string, eventKey: string): string {
  return `{"events":[{"entity_id":${JSON.stringify(eventId)},"key":${JSON.stringify(eventKey)},"timestamp":`;
}
