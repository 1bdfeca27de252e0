// SPDX-License-Identifier: Apache-2.0

import type { Logger } from '../model/logger.js';
import { type NotificationSender, NotificationType } from '../model/notification.js';
import { Seam } from '../util/guard.js';

/**
 * A notification center of the application's own may throw or reject. Its listeners may record events, of which they are
 * then told: those that are dropped while listeners hear of dropped events are counted and not told, which would never end.
 */
export function guardNotifications(sender: NotificationSender, logger: Logger): NotificationSender {
  const seam = new Seam('notificationCenter', logger);
  let tellsOfDrops = false;
  return {
    sendNotifications(type, ...payload) {
      const isDrop = type === NotificationType.EVENTS_DROPPED;
      if (isDrop && tellsOfDrops) return;
      if (isDrop) tellsOfDrops = true;
      try {
        seam.call('sendNotifications', undefined, () => sender.sendNotifications(type, ...payload));
      } finally {
        if (isDrop) tellsOfDrops = false;
      }
    },
  };
}
