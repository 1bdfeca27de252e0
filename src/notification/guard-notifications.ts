// SPDX-License-Identifier: Apache-2.0
import { Seam } from '../model/guard.js';
import type { Logger } from '../model/logger.js';
import type { NotificationSender } from '../model/notification.js';

/** A notification center of the application's own may throw or reject. */
export function guardNotifications(sender: NotificationSender, logger: Logger): NotificationSender {
  const seam = new Seam('notificationCenter', logger);
  return {
    sendNotifications: (type, ...payload) =>
      seam.call('sendNotifications', undefined, () => sender.sendNotifications(type, ...payload)),
  };
}
