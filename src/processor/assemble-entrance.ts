// SPDX-License-Identifier: Apache-2.0
import { EventHarvest } from '../capture/event-harvest.js';
import { LogRecords } from '../capture/log-records.js';
import { UnreadSpans } from '../capture/unread-spans.js';
import type { CheckEvent } from '../privacy/before-send.js';
import { PrivacyFilter } from '../privacy/privacy-filter.js';
import type { ResolvedPrivacyOptions } from '../privacy/privacy-options.js';
import { checkInput } from '../record/check-input.js';
import { DoubtLog } from './doubt-log.js';
import { evaluationEvents } from './evaluation-events-options.js';
import { EventEntrance, type EventEntranceDependencies } from './event-entrance.js';
import type { Foundation } from './foundation.js';
import type { OptimizelySpanProcessorOptions } from './processor-options.js';

/** The ways in, put together: what is handed over, and what is read from spans and log records. */
export interface Entrance {
  readonly entrance: EventEntrance;
  readonly harvest: EventHarvest;
}

export interface EntranceParts
  extends Omit<EventEntranceDependencies, keyof Foundation | 'doubts' | 'logs' | 'privacyFilter'> {
  /** Undefined if everything may leave unchanged. */
  readonly privacy: ResolvedPrivacyOptions | undefined;
}

export function assembleEntrance(
  foundation: Foundation,
  parts: EntranceParts,
  options: OptimizelySpanProcessorOptions,
): Entrance {
  const { logger, runtime } = foundation;
  const check: CheckEvent = (type, input) => checkInput(type, input, runtime, [foundation]);
  const logs = new LogRecords(logger);
  const entrance = new EventEntrance({
    ...foundation,
    ...parts,
    logs,
    doubts: new DoubtLog(logger),
    privacyFilter: parts.privacy && new PrivacyFilter(parts.privacy, { check, logger, runtime }),
  });
  const evaluations = evaluationEvents(options.evaluationEvents, {
    ...foundation,
    processor: entrance,
    check,
    inferRule: (flagKey, variationKey) => parts.config.current()?.inferRule(flagKey, variationKey),
  });
  const { recovery } = parts.batcher;
  const unread = new UnreadSpans(recovery, foundation.ledger);
  const harvest = new EventHarvest(entrance, logger, check, unread, evaluations);
  recovery.also(() => harvest.readUnread(true));
  logs.serve(harvest);
  return { entrance, harvest };
}
