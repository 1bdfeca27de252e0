// SPDX-License-Identifier: Apache-2.0
import type { ConfigSource } from '../datafile/config-source.js';
import type { EmitAs, TraceDetail } from '../model/installed-processor.js';
import type { LogRecordPort } from '../model/log-record-port.js';
import type { SerializedEvent } from '../model/serialized-event.js';
import type { PrivacyFilter } from '../privacy/privacy-filter.js';
import type { EventIntake } from '../serialize/event-intake.js';
import type { Afterwards } from '../util/afterwards.js';
import type { ApiCopiesCheck } from './api-copies-check.js';
import type { DoubtLog } from './doubt-log.js';
import type { Foundation } from './foundation.js';

export interface EventEntranceDependencies
  extends Pick<Foundation, 'lastImpressions' | 'ledger' | 'logger' | 'runtime'> {
  readonly traceDetail: TraceDetail;
  readonly emitAs: EmitAs;
  readonly logs: LogRecordPort;
  readonly apiCopies: ApiCopiesCheck;
  readonly config: ConfigSource;
  readonly intake: EventIntake;
  /** Undefined if everything may leave unchanged. */
  readonly privacyFilter: PrivacyFilter | undefined;
  /** Where resolved events go; it counts those that it refuses, and repairs what a stack that ended left half done. */
  readonly batcher: { readonly recovery: Afterwards; enqueue(event: SerializedEvent): boolean };
  readonly forceFlush: () => Promise<void>;
  readonly doubts: DoubtLog;
  readonly onTaken: () => void;
}
