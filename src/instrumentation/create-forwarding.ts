// SPDX-License-Identifier: Apache-2.0
import type { SdkClient, SdkEventDispatcher, SdkEventProcessor, SdkExports } from './sdk-shapes.js';

/**
 * An event processor of the SDK's own that dispatches each event at once, within the call that made it.
 *
 * @throws TypeError if this SDK is not built like versions 5 and 6
 */
export function createForwarding(
  exports: SdkExports,
  client: SdkClient,
  dispatcher: SdkEventDispatcher,
): SdkEventProcessor {
  return exports.createForwardingEventProcessor === undefined
    ? forwardingFive(client, dispatcher)
    : forwardingSix(exports.createForwardingEventProcessor(dispatcher), exports, client);
}

/** Version 6 hides it behind a symbol that it does not export. */
function forwardingSix(opaque: object, exports: SdkExports, client: SdkClient): SdkEventProcessor {
  const hidden = Object.getOwnPropertySymbols(opaque).map(symbol => Reflect.get(opaque, symbol));
  const processor = hidden.find((value): value is SdkEventProcessor => typeof value?.process === 'function');
  if (processor === undefined) throw new TypeError('no event processor');
  processor.start?.();
  const type = exports.NOTIFICATION_TYPES?.LOG_EVENT;
  processor.onDispatch?.(logEvent => client.notificationCenter?.sendNotifications?.(type, logEvent));
  return processor;
}

/** Version 5 does not export its event processors: the client's is of the class that is needed. */
function forwardingFive(
  { eventProcessor, notificationCenter }: SdkClient,
  dispatcher: SdkEventDispatcher,
): SdkEventProcessor {
  if (eventProcessor === undefined) throw new TypeError('no event processor');
  const EventProcessor = Object.getPrototypeOf(eventProcessor).constructor;
  const isBatching = 'queue' in eventProcessor;
  // That of `/lite` forwards anyway.
  return isBatching
    ? new EventProcessor({ dispatcher, batchSize: 1, notificationCenter })
    : new EventProcessor(dispatcher, notificationCenter);
}
