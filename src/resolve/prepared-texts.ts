// SPDX-License-Identifier: Apache-2.0
import type { ProjectConfig } from '../model/project-config.js';

/** An attribute up to its value. The brace before the `next` one is the end of the attribute before it. */
export interface AttributeText {
  readonly first: string;
  readonly next: string;
}

/** More keys than this are not remembered: those that begin with `$opt_` could be anything. */
const MOST_KEYS = 10_000;

const BOT_FILTERING = '{"entity_id":"$opt_bot_filtering","key":"$opt_bot_filtering","type":"custom","value":';

/** The parts of a visitor's JSON that the datafile decides, each made when it is first needed. */
export class PreparedTexts {
  readonly #config: ProjectConfig;
  /** The end of the `attributes`, where there is at least one and where there is none. */
  readonly attributesEnd: { readonly some: string; readonly none: string };
  readonly #attributes = new Map<string, AttributeText>();
  readonly #conversions = new Map<string, string>();

  constructor(config: ProjectConfig) {
    this.#config = config;
    const { botFiltering } = config.context;
    const last = botFiltering === undefined ? '' : `${BOT_FILTERING}${botFiltering}}`;
    this.attributesEnd = { some: `}${last && ','}${last}],"snapshots":[`, none: `${last}],"snapshots":[` };
  }

  /** undefined: not to be sent. */
  attribute(key: string): AttributeText | undefined {
    const known = this.#attributes.get(key);
    if (known !== undefined) return known;
    const opening = this.#config.attributeOpening(key);
    if (opening === undefined) return undefined;
    const attribute = { first: opening, next: `},${opening}` };
    if (this.#attributes.size < MOST_KEYS) this.#attributes.set(key, attribute);
    return attribute;
  }

  /** The snapshot of a conversion up to its timestamp; undefined: the datafile has no such event. */
  conversion(eventKey: string): string | undefined {
    const known = this.#conversions.get(eventKey);
    if (known !== undefined) return known;
    const eventId = this.#config.findEventId(eventKey);
    if (eventId === undefined) return undefined;
    const opening = conversionOpening(eventId, eventKey);
    if (this.#conversions.size < MOST_KEYS) this.#conversions.set(eventKey, opening);
    return opening;
  }
}

export function conversionOpening(eventId: string, eventKey: string): string {
  return `{"events":[{"entity_id":${JSON.stringify(eventId)},"key":${JSON.stringify(eventKey)},"timestamp":`;
}
