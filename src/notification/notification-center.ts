// SPDX-License-Identifier: Apache-2.0

import type { Logger, PackageLogger } from '../model/logger.js';
import {
  type NotificationListeners,
  type NotificationSender,
  NotificationType,
} from '../model/notification.js';
import { Seam } from '../util/guard.js';
import { LOGGER } from '../util/options/common-option-rows.js';
import { takeOptions } from '../util/options/take-options.js';

export const NOTIFICATION_CENTER = {
  name: 'NotificationCenter',
  example: 'new NotificationCenter({ logger })',
  table: { logger: LOGGER },
};

type Listener = (...payload: never[]) => unknown;

/** What Optimizely's SDKs answer where they have not added the listener. */
const NOT_ADDED = -1;

const TYPES: readonly unknown[] = Object.values(NotificationType);

/** Informs listeners of what happens to events. One that throws or rejects harms neither the others nor the delivery. */
export class NotificationCenter implements NotificationSender {
  readonly #listeners = new Map<number, { type: NotificationType; listener: Listener }>();
  readonly #logger: PackageLogger;
  readonly #seam: Seam;
  #lastId = 0;

  /**
   * @param options `logger` is told of listeners that fail, and of those that can't be added.
   * @default OpenTelemetry's `diag`
   */
  constructor(options: { logger?: Logger | undefined } = {}) {
    this.#logger = takeOptions(NOTIFICATION_CENTER, options).logger;
    this.#seam = new Seam('notification listener', this.#logger);
  }

  /**
   * @returns an id for `removeNotificationListener`; -1 if the type is unknown or the listener is not a function, which
   * is logged as an error
   */
  addNotificationListener<T extends NotificationType>(type: T, listener: NotificationListeners[T]): number {
    if (!TYPES.includes(type)) return this.#refuse(`its type must be one of ${TYPES.join(', ')}`);
    if (typeof listener !== 'function') return this.#refuse(`the listener of ${type} must be a function`);
    this.#listeners.set(++this.#lastId, { type, listener: listener as Listener });
    return this.#lastId;
  }

  /** @returns whether there was a listener with this id */
  removeNotificationListener(id: number): boolean {
    return this.#listeners.delete(id);
  }

  /** Returns whether there are listeners of this type. */
  hasNotificationListeners(type: NotificationType): boolean {
    for (const entry of this.#listeners.values()) if (entry.type === type) return true;
    return false;
  }

  /** Removes all listeners of one type. */
  clearNotificationListeners(type: NotificationType): void {
    for (const [id, entry] of this.#listeners) if (entry.type === type) this.#listeners.delete(id);
  }

  /** Removes all listeners. */
  clearAllNotificationListeners(): void {
    this.#listeners.clear();
  }

  /**
   * Calls the listeners of this type, in the order in which they were added. A listener that
   * is removed meanwhile is no longer called; one that is added meanwhile is not called yet.
   */
  sendNotifications<T extends NotificationType>(
    type: T,
    ...payload: Parameters<NotificationListeners[T]>
  ): void {
    if (this.#listeners.size === 0) return;
    for (const [id, entry] of [...this.#listeners]) {
      if (entry.type !== type || !this.#listeners.has(id)) continue;
      this.#seam.call(type, undefined, () => entry.listener(...(payload as unknown as never[])));
    }
  }

  #refuse(why: string): number {
    const line = `NotificationCenter did not add a notification listener: ${why}`;
    this.#logger.alert('OPTIMIZELY_BAD_OPTION', 'error', line);
    return NOT_ADDED;
  }
}
