// SPDX-License-Identifier: Apache-2.0
import type { SdkEventProcessor, SdkExports } from './sdk-shapes.js';

/**
 * Whether an event processor dispatches by something else than the SDK does if the application says nothing. One that
 * does not tell counts as that.
 */
export function hasOwnDispatcher(processor: SdkEventProcessor, exports: SdkExports): boolean {
  const dispatcher = processor.eventDispatcher ?? processor.dispatcher;
  return dispatcher === undefined || dispatcher !== exports.eventDispatcher;
}
