// SPDX-License-Identifier: Apache-2.0

/** What Optimizely's SDK exports, as far as it is used here. */
export interface SdkExports {
  createInstance?: CreateInstance;
  /** The SDK's own dispatcher; `/universal` has none. */
  eventDispatcher?: unknown;
  /** Version 6 only, as the next. */
  readonly NOTIFICATION_TYPES?: { readonly LOG_EVENT?: unknown };
  /** @returns an object that hides the event processor behind a symbol */
  createForwardingEventProcessor?(eventDispatcher: SdkEventDispatcher): object;
  /** Of version 5, and of a CommonJS module that is imported: the same functions once more. */
  default?: SdkExports;
}

export type CreateInstance = (this: unknown, ...args: unknown[]) => unknown;

export interface SdkEventDispatcher {
  dispatchEvent(logEvent: never, callback?: (response: { statusCode: number }) => void): unknown;
}

/** An impression or conversion before it becomes a LogEvent. */
export interface SdkUserEvent {
  readonly context?: { readonly projectId?: unknown } | undefined;
}

/** What `createInstance` returns. */
export interface SdkClient {
  eventProcessor?: SdkEventProcessor | undefined;
  readonly notificationCenter?: { sendNotifications?(type: unknown, payload: unknown): void };
}

/** What a client hands its events to. Methods but `process`, `start` and `stop` are version 6's. */
export interface SdkEventProcessor {
  /** Version 6, batching. */
  readonly eventDispatcher?: unknown;
  /** Version 6, forwarding, and version 5. */
  readonly dispatcher?: unknown;
  start?(): unknown;
  process(event: SdkUserEvent): unknown;
  stop(): unknown;
  onTerminated?(): Promise<unknown>;
  flushImmediately?(): Promise<unknown>;
  onDispatch?(listener: (logEvent: unknown) => void): () => void;
}
