// SPDX-License-Identifier: Apache-2.0
import type { DroppedEvents } from './drop-reason.js';
import type { FlushCause } from './event-exporter.js';
import type { LogEvent } from './log-event.js';

export const NotificationType = {
  /** A LogEvent is about to be dispatched for the first time. */
  LOG_EVENT: 'LOG_EVENT',
  /** Events were refused or lost. */
  EVENTS_DROPPED: 'EVENTS_DROPPED',
  /** Another datafile is in force. */
  OPTIMIZELY_CONFIG_UPDATE: 'OPTIMIZELY_CONFIG_UPDATE',
} as const;

export type NotificationType = (typeof NotificationType)[keyof typeof NotificationType];

/** What is known of a batch besides its LogEvent. */
export interface LogEventInfo {
  readonly cause: FlushCause;
  readonly eventCount: number;
  readonly byteLength: number;
}

export interface NotificationListeners {
  LOG_EVENT: (logEvent: LogEvent, info: LogEventInfo) => void;
  EVENTS_DROPPED: (dropped: DroppedEvents) => void;
  OPTIMIZELY_CONFIG_UPDATE: (update: { readonly revision: string }) => void;
}

/** What the rooms need of a notification centre. */
export interface NotificationSender {
  sendNotifications<T extends NotificationType>(
    type: T,
    ...payload: Parameters<NotificationListeners[T]>
  ): void;
}
