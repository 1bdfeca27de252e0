// SPDX-License-Identifier: Apache-2.0
import { errorLabel, guardLogger, type Logger, OnceLog } from '../model/logger.js';
import type { NotificationListeners, NotificationSender, NotificationType } from '../model/notification.js';

type Listener = (...payload: never[]) => unknown;

/** Tells listeners what happens to events. One that throws or rejects harms neither the others nor the delivery. */
export class NotificationCenter implements NotificationSender {
  readonly #listeners = new Map<number, { type: NotificationType; listener: Listener }>();
  readonly #said = new OnceLog();
  readonly #logger: Logger;
  #lastId = 0;

  /** @param options `logger` hears of listeners that fail. @default OpenTelemetry's `diag` */
  constructor({ logger }: { logger?: Logger | undefined } = {}) {
    this.#logger = guardLogger(logger);
  }

  /** @returns an id for `removeNotificationListener` */
  addNotificationListener<T extends NotificationType>(type: T, listener: NotificationListeners[T]): number {
    this.#listeners.set(++this.#lastId, { type, listener: listener as Listener });
    return this.#lastId;
  }

  /** @returns whether there was one of this id */
  removeNotificationListener(id: number): boolean {
    return this.#listeners.delete(id);
  }

  /** Removes all listeners of one type. */
  clearNotificationListeners(type: NotificationType): void {
    for (const [id, entry] of this.#listeners) if (entry.type === type) this.#listeners.delete(id);
  }

  /** Removes all listeners. */
  clearAllNotificationListeners(): void {
    this.#listeners.clear();
  }

  /** Calls the listeners of this type, in the order in which they were added. */
  sendNotifications<T extends NotificationType>(
    type: T,
    ...payload: Parameters<NotificationListeners[T]>
  ): void {
    if (this.#listeners.size === 0) return;
    for (const entry of [...this.#listeners.values()]) {
      if (entry.type !== type) continue;
      try {
        const returned: unknown = entry.listener(...(payload as unknown as never[]));
        if (returned instanceof Promise) returned.catch(error => this.#failed(type, error));
      } catch (error) {
        this.#failed(type, error);
      }
    }
  }

  #failed(type: NotificationType, error: unknown): void {
    if (this.#said.first(type)) this.#logger.error(`a listener of ${type} failed: ${errorLabel(error)}`);
  }
}
