// SPDX-License-Identifier: Apache-2.0
import { errorLabel, type Logger, OnceLog } from '../model/logger.js';
import type { NotificationSender } from '../model/notification.js';

/** A notification centre of the application's own may throw. */
export function guardNotifications(sender: NotificationSender, logger: Logger): NotificationSender {
  const said = new OnceLog();
  return {
    sendNotifications(type, ...payload) {
      try {
        sender.sendNotifications(type, ...payload);
      } catch (error) {
        if (said.first(type))
          logger.error(`notificationCenter.sendNotifications failed: ${errorLabel(error)}`);
      }
    },
  };
}
