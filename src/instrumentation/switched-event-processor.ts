// SPDX-License-Identifier: Apache-2.0
import type { EventRoute } from './event-route.js';
import type { SdkEventProcessor } from './sdk-shapes.js';

/**
 * The client's event processor, but for the events that the route takes, and for what stopping and flushing wait for.
 *
 * @param own the client's; undefined if it has none, and its events go nowhere
 * @param ours builds LogEvents as the SDK does, one an event, and hands them to the route
 */
export function switchedEventProcessor(
  own: SdkEventProcessor | undefined,
  ours: SdkEventProcessor,
  route: EventRoute,
): SdkEventProcessor {
  const target = own ?? ours;
  let flushed: Promise<void> | undefined;
  const switched: Partial<SdkEventProcessor> = {
    process: event => (route.takes(event) ? ours.process(event) : own?.process(event)),
    stop() {
      flushed ??= route.flush();
      const stopped = target.stop();
      // Version 5 waits for this promise, version 6 for `onTerminated()`.
      return stopped instanceof Promise
        ? Promise.all([stopped, flushed]).then(([result]) => result)
        : stopped;
    },
    onTerminated: async () => {
      const [result] = await Promise.all([target.onTerminated?.(), flushed]);
      return result;
    },
    flushImmediately: async () => {
      const [result] = await Promise.all([target.flushImmediately?.(), route.flush()]);
      return result;
    },
  };
  return new Proxy(target, {
    get(_, name) {
      const value: unknown = Reflect.get(target, name);
      if (typeof value !== 'function') return value;
      const replacement = switched[name as keyof SdkEventProcessor];
      return replacement ?? value.bind(target);
    },
  });
}
