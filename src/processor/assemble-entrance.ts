// SPDX-License-Identifier: Apache-2.0
import { EventHarvest } from '../capture/event-harvest.js';
import { LogRecordHarvest } from '../capture/log-record-harvest.js';
import { LogRecords } from '../capture/log-records.js';
import { RawEventTaker } from '../capture/raw-event-taker.js';
import type { CheckEvent } from '../privacy/before-send.js';
import { PrivacyFilter } from '../privacy/privacy-filter.js';
import type { ResolvedPrivacyOptions } from '../privacy/privacy-options.js';
import { checkInput } from '../record/check-input.js';
import { Leftovers } from '../util/leftovers.js';
import { DoubtLog } from './doubt-log.js';
import { evaluationEvents } from './evaluation-events-options.js';
import { EventEntrance } from './event-entrance.js';
import type { EventEntranceDependencies } from './event-entrance-dependencies.js';
import type { Foundation } from './foundation.js';
import type { OptimizelySpanProcessorOptions } from './processor-options.js';

/** The ways in, put together: what is handed over, and what is read from spans and log records. */
export interface WaysIn {
  readonly entrance: EventEntrance;
  readonly harvest: EventHarvest;
  /** Reads what was left where the stack had ended. @param isStackShort if not, what finds no room again stays */
  readUnread(isStackShort: boolean): void;
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
): WaysIn {
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
  const taker = new RawEventTaker({ ...foundation, processor: entrance, check, evaluations });
  const harvest = new EventHarvest(taker, new Leftovers(recovery));
  const records = new LogRecordHarvest(taker, new Leftovers(recovery));
  const readUnread = (isStackShort: boolean) => {
    harvest.readUnread(isStackShort);
    records.readUnread(isStackShort);
  };
  recovery.also(() => readUnread(true));
  logs.serve(records);
  return { entrance, harvest, readUnread };
}
