// SPDX-License-Identifier: Apache-2.0
import type { DropReason } from '../model/drop-reason.js';
import type { CountedEvent } from '../model/event-settlement.js';
import { type NotificationSender, NotificationType } from '../model/notification.js';
import { settlementOf, uuidsOf } from '../util/counted-event.js';
import type { DropLog } from './drop-log.js';

/** Tells listeners and the log what happened to events. Their uuids are looked up only where a listener gets them. */
export class EventNotices {
  readonly #notifications: Required<NotificationSender>;
  readonly #dropLog: DropLog;

  constructor(notifications: Required<NotificationSender>, dropLog: DropLog) {
    this.#notifications = notifications;
    this.#dropLog = dropLog;
  }

  delivered(events: readonly CountedEvent[]): void {
    const notice = NotificationType.EVENTS_DELIVERED;
    if (!this.#notifications.hasNotificationListeners(notice)) return;
    this.#notifications.sendNotifications(notice, { count: events.length, uuids: uuidsOf(events) });
  }

  streamed(events: readonly CountedEvent[]): void {
    const notice = NotificationType.EVENTS_STREAMED;
    if (!this.#notifications.hasNotificationListeners(notice)) return;
    this.#notifications.sendNotifications(notice, { count: events.length, uuids: uuidsOf(events) });
  }

  dropped(reason: DropReason, events: readonly CountedEvent[], count: number): void {
    // An event that is given back is not lost: the batcher's line counts it.
    const lost = reason === 'shutdown_timeout' ? count - awaitedOf(events) : count;
    if (lost > 0) this.#dropLog.dropped(reason, lost);
    const notice = NotificationType.EVENTS_DROPPED;
    if (!this.#notifications.hasNotificationListeners(notice)) return;
    this.#notifications.sendNotifications(notice, { reason, count, uuids: uuidsOf(events) });
  }
}

/** Events of callers that hear what becomes of them, and still have them. */
function awaitedOf(events: readonly CountedEvent[]): number {
  return events.filter(event => settlementOf(event) !== undefined).length;
}
