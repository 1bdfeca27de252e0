// SPDX-License-Identifier: Apache-2.0
import type { DroppedEvents } from './drop-reason.js';
import type { FlushCause } from './event-exporter.js';
import type { LogEvent } from './log-event.js';

/** What a listener can hear of. */
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
  /** Of this LogEvent: less than its batch has, where that was split. */
  readonly eventCount: number;
  /** UTF-8 bytes of the request body, before a listener changes it. */
  readonly byteLength: number;
}

/** What the listeners of each type are called with. */
export interface NotificationListeners {
  /** Once for each LogEvent, before it is first dispatched. What a listener changes in it is what is sent. */
  LOG_EVENT: (logEvent: LogEvent, info: LogEventInfo) => void;
  /** For each refusal or loss. */
  EVENTS_DROPPED: (dropped: DroppedEvents) => void;
  /** When another datafile has come into force. */
  OPTIMIZELY_CONFIG_UPDATE: (update: { readonly revision: string }) => void;
}

/** What this package needs of a notification center. */
export interface NotificationSender {
  /** Calls the listeners of this type. */
  sendNotifications<T extends NotificationType>(
    type: T,
    ...payload: Parameters<NotificationListeners[T]>
  ): void;
}
