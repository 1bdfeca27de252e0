// SPDX-License-Identifier: Apache-2.0
import { type AnyEventDispatcher, DESCRIBE_PROXY_FOR } from '../model/event-dispatcher.js';
import { memberOf } from '../util/own-members.js';
import { safeText } from '../util/safe-text.js';
import { shownUrl } from '../util/shown-url.js';

/** How the log names the place that a dispatcher sends to. @returns undefined if the dispatcher does not say */
export function placeOf(dispatcher: AnyEventDispatcher): string | undefined {
  try {
    const destination: unknown = memberOf(dispatcher, 'destination');
    return typeof destination === 'string' && destination !== '' ? safeText(destination) : undefined;
  } catch {
    return undefined;
  }
}

/** How the log names where a request goes, and the proxy on the way: what fails may be either. */
export function describeRoute(url: string, dispatcher: AnyEventDispatcher): string {
  const proxy = describeProxy(url, dispatcher);
  return proxy === undefined ? shownUrl(url) : `${shownUrl(url)} through ${proxy}`;
}

function describeProxy(url: string, dispatcher: AnyEventDispatcher): string | undefined {
  try {
    const describe = (dispatcher as { [DESCRIBE_PROXY_FOR]?: unknown })[DESCRIBE_PROXY_FOR];
    const proxy: unknown = typeof describe === 'function' ? describe(url) : undefined;
    return typeof proxy === 'string' ? safeText(proxy) : undefined;
  } catch {
    return undefined;
  }
}
