// SPDX-License-Identifier: Apache-2.0
import type { AnyEventDispatcher } from '../model/event-dispatcher.js';
import { safeText } from '../util/safe-text.js';

/** How the log names the place that a dispatcher sends to. @returns undefined if the dispatcher does not say */
export function placeOf(dispatcher: AnyEventDispatcher): string | undefined {
  try {
    const { destination } = dispatcher as { destination?: unknown };
    return typeof destination === 'string' && destination !== '' ? safeText(destination) : undefined;
  } catch {
    return undefined;
  }
}
