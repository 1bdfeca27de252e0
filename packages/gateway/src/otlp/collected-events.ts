// SPDX-License-Identifier: Apache-2.0
import type { OtlpAttributes, OtlpEvent, OtlpExport } from '../model/otlp-event.js';
import { requireBearableCount } from '../util/request-size.js';
import { UnreadableEvent } from './malformed-request.js';

/** The events of a request while it is read. An unreadable one costs none of the others. */
export class CollectedEvents {
  readonly #events: OtlpEvent[] = [];
  readonly #unreadable = new Map<string, number>();
  readonly #unreadableResources = new Map<OtlpAttributes, string>();
  #count = 0;

  /** @throws RequestTooLarge, and what `read` throws, but for an `UnreadableEvent`, which is counted */
  add(read: () => OtlpEvent): void {
    this.#count++;
    requireBearableCount(this.#count);
    try {
      this.#events.push(read());
    } catch (error) {
      if (!(error instanceof UnreadableEvent)) throw error;
      this.#countUnreadable(error.message);
    }
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
