// SPDX-License-Identifier: Apache-2.0
import type { SerializedEvent } from '../model/serialized-event.js';
import { withSettlement } from '../util/event-text.js';

/**
 * Events in a queue of the application's own whose settlement is awaited. Such a queue may give back copies, which know
 * of no settlement, or what it refused before.
 */
export class AwaitedInQueue {
  readonly #byUuid = new Map<string, SerializedEvent[]>();

  add(event: SerializedEvent): void {
    if (event.settlement === undefined) return;
    const { uuid } = event;
    const alike = this.#byUuid.get(uuid);
    if (alike === undefined) this.#byUuid.set(uuid, [event]);
    else alike.push(event);
  }

  /** @returns the event with the settlement that is awaited of it, or with none */
  take(event: SerializedEvent): SerializedEvent {
    const found = this.#byUuid.size === 0 ? undefined : this.#find(event);
    return event.settlement === found?.settlement ? event : withSettlement(event, found?.settlement);
  }

  /** Gives up all that is left. */
  clear(): SerializedEvent[] {
    const left = [...this.#byUuid.values()].flat();
    this.#byUuid.clear();
    return left;
  }

  #find(event: SerializedEvent): SerializedEvent | undefined {
    const { uuid } = event;
    const alike = this.#byUuid.get(uuid);
    if (alike === undefined) return undefined;
    const [found] = alike.splice(Math.max(0, alike.indexOf(event)), 1);
    if (alike.length === 0) this.#byUuid.delete(uuid);
    return found;
  }
}
