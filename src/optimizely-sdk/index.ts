// SPDX-License-Identifier: Apache-2.0

export type { OfficialLogEvent } from './official-log-event.js';
export type {
  ResolvedEventProcessor,
  SpanEventDispatcher,
  SpanEventDispatcherOptions,
} from './span-event-dispatcher.js';
export { createSpanEventDispatcher } from './span-event-dispatcher.js';
