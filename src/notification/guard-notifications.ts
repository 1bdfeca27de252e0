// SPDX-License-Identifier: Apache-2.0

import type { Logger } from '../model/logger.js';
import { type NotificationSender, NotificationType } from '../model/notification.js';
import { Seam } from '../util/guard.js';
import { memberOf } from '../util/own-members.js';

/** What happens to events. A listener that records events makes more of it. */
const FATES: readonly NotificationType[] = [
  NotificationType.EVENTS_DELIVERED,
  NotificationType.EVENTS_STREAMED,
  NotificationType.EVENTS_DROPPED,
];

/**
 * A notification center of the application's own may throw or reject. Its listeners may record events, of which they are
 * then told: what happens to events while listeners hear of the same is counted and not told, which would never end.
 */
export function guardNotifications(sender: NotificationSender, logger: Logger): Required<NotificationSender> {
  const seam = new Seam('notificationCenter', logger);
  const telling = new Set<NotificationType>();
  return {
    sendNotifications(type, ...payload) {
      if (telling.has(type)) return;
      if (FATES.includes(type)) telling.add(type);
      try {
        seam.call('sendNotifications', undefined, () => sender.sendNotifications(type, ...payload));
      } finally {
        telling.delete(type);
      }
    },
    hasNotificationListeners(type) {
      if (telling.has(type)) return false;
      return (
        seam.call<unknown>('hasNotificationListeners', true, () =>
          memberOf(sender, 'hasNotificationListeners')?.call(sender, type),
        ) !== false
      );
    },
  };
}
