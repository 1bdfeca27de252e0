// SPDX-License-Identifier: Apache-2.0
import type { OtlpAttributes, OtlpEvent, OtlpExport } from '../model/otlp-event.js';
import {
  countJsonValues,
  MAX_EVENT_VALUES,
  MAX_VALUES,
  requireBearableCount,
  requireBearableValues,
} from '../util/request-size.js';
import { TOO_MANY_VALUES, UnreadableEvent } from './malformed-request.js';

/** Attributes that are parsed where they are text. */
const JSON_TEXTS = ['optimizely.user.attributes', 'optimizely.event.tags'] as const;

/** The events of a request while it is read. An unreadable one costs none of the others. */
export class CollectedEvents {
  readonly #events: OtlpEvent[] = [];
  readonly #unreadable = new Map<string, number>();
  readonly #unreadableResources = new Map<OtlpAttributes, string>();
  #count = 0;
  /** Of attributes that are JSON in text. */
  #textLength = 0;
  #textValues = 0;

  /** @throws RequestTooLarge, and what `read` throws, but for an `UnreadableEvent`, which is counted */
  add(read: () => OtlpEvent): void {
    this.#count++;
    requireBearableCount(this.#count);
    try {
      const event = read();
      for (const attribute of JSON_TEXTS) {
        const json = event.attributes[attribute];
        if (typeof json === 'string') this.#requireBearableText(json);
      }
      this.#events.push(event);
    } catch (error) {
      if (!(error instanceof UnreadableEvent)) throw error;
      this.#countUnreadable(error.message);
    }
  }

  /**
   * Few texts are so long that they have to be looked at: none holds more values than characters.
   *
   * @throws UnreadableEvent if it holds more than one event may
   * @throws RequestTooLarge if all of them hold more than one request may
   */
  #requireBearableText(json: string): void {
    this.#textLength += json.length;
    if (json.length <= MAX_EVENT_VALUES && this.#textLength <= MAX_VALUES) return;
    const values = countJsonValues(json);
    if (values > MAX_EVENT_VALUES) throw new UnreadableEvent(TOO_MANY_VALUES);
    this.#textValues += values;
    requireBearableValues(this.#textValues);
  }

  /**
   * Reads something of a resource. If that can't be read, none of its events can: it says whose they are.
   *
   * @throws what `read` throws, but for an `UnreadableEvent`
   */
  readResource(resource: OtlpAttributes, read: () => void): void {
    try {
      read();
    } catch (error) {
      if (!(error instanceof UnreadableEvent)) throw error;
      this.#unreadableResources.set(resource, error.message);
    }
  }

  toExport(): OtlpExport {
    const events = this.#unreadableResources.size === 0 ? this.#events : this.#withReadableResource();
    const unreadable = [...this.#unreadable].map(([reason, count]) => ({ reason, count }));
    return { events, unreadable };
  }

  /** A resource may stand behind its events. */
  #withReadableResource(): OtlpEvent[] {
    return this.#events.filter(({ resource }) => {
      const reason = this.#unreadableResources.get(resource);
      if (reason !== undefined) this.#countUnreadable(reason);
      return reason === undefined;
    });
  }

  #countUnreadable(reason: string): void {
    this.#unreadable.set(reason, (this.#unreadable.get(reason) ?? 0) + 1);
  }
}
