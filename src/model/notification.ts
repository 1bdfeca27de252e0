// SPDX-License-Identifier: Apache-2.0
import type { DeliveredEvents, DroppedEvents } from './drop-reason.js';
import type { FlushCause } from './event-exporter.js';
import type { LogEvent } from './log-event.js';

/** The types of notification that a listener can be added for. */
export const NotificationType = {
  /** A LogEvent is about to be dispatched for the first time. */
  LOG_EVENT: 'LOG_EVENT',
  /** Events were delivered. */
  EVENTS_DELIVERED: 'EVENTS_DELIVERED',
  /** Events are in a stream, from which another process delivers them. */
  EVENTS_STREAMED: 'EVENTS_STREAMED',
  /** Events were refused or lost. */
  EVENTS_DROPPED: 'EVENTS_DROPPED',
  /** A different datafile is in force. */
  OPTIMIZELY_CONFIG_UPDATE: 'OPTIMIZELY_CONFIG_UPDATE',
} as const;

export type NotificationType = (typeof NotificationType)[keyof typeof NotificationType];

/** Information about a batch besides its LogEvent. */
export interface LogEventInfo {
  readonly cause: FlushCause;
  /** Number of events in this LogEvent; fewer than in its batch if that was split. */
  readonly eventCount: number;
  /** UTF-8 bytes of the request body, before a listener changes it. */
  readonly byteLength: number;
}

/** The listeners of each type. */
export interface NotificationListeners {
  /** Called once for each LogEvent, before it is first dispatched. Changes that a listener makes to it are sent. */
  LOG_EVENT: (logEvent: LogEvent, info: LogEventInfo) => void;
  /** Called for each request, or part of one, whose events were delivered. */
  EVENTS_DELIVERED: (delivered: DeliveredEvents) => void;
  /** Called for each request, or part of one, whose events a stream has, from which another process delivers them. */
  EVENTS_STREAMED: (streamed: DeliveredEvents) => void;
  /** Called for each refusal or loss. */
  EVENTS_DROPPED: (dropped: DroppedEvents) => void;
  /** Called when a different datafile has come into force. */
  OPTIMIZELY_CONFIG_UPDATE: (update: { readonly revision: string }) => void;
}

/** What this package needs of a notification center. */
export interface NotificationSender {
  /** Calls the listeners of this type. */
  sendNotifications<T extends NotificationType>(
    type: T,
    ...payload: Parameters<NotificationListeners[T]>
  ): void;
  /** Returns whether there are listeners of this type. A notification center without this method is always told. */
  hasNotificationListeners?(type: NotificationType): boolean;
}
