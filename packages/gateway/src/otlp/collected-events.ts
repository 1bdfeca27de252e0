// SPDX-License-Identifier: Apache-2.0
import type { OtlpEvent, OtlpExport } from '../model/otlp-event.js';
import { UnreadableEvent } from './malformed-request.js';

/** The events of a request while it is read. An unreadable one costs none of the others. */
export class CollectedEvents {
  readonly #events: OtlpEvent[] = [];
  readonly #unreadable = new Map<string, number>();

  /** @throws what `read` throws, but for an `UnreadableEvent`, which is counted */
  add(read: () => OtlpEvent): void {
    try {
      this.#events.push(read());
    } catch (error) {
      if (!(error instanceof UnreadableEvent)) throw error;
      this.#unreadable.set(error.message, (this.#unreadable.get(error.message) ?? 0) + 1);
    }
  }

  toExport(): OtlpExport {
    const unreadable = [...this.#unreadable].map(([reason, count]) => ({ reason, count }));
    return { events: this.#events, unreadable };
  }
}
