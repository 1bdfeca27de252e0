// SPDX-License-Identifier: Apache-2.0
import type { Attributes } from '@opentelemetry/api';
import type { DropReason, LogEventInfo } from 'opentelemetry-exporter-optimizely';
import type { ShopDatafile } from '../datafile.js';

type FlushCause = LogEventInfo['cause'];

/** What the demo asks of the shop's process, over Node's own channel between parent and child. */
export type Request = { ask: 'flush' } | { ask: 'publish'; datafile: ShopDatafile };

/** What the shop's process tells the demo. */
export type Report =
  | { tell: 'open'; url: string }
  | { tell: 'batch'; batch: SentBatch }
  | { tell: 'dropped'; reason: DropReason; count: number }
  | { tell: 'spans'; spans: PlainSpan[] }
  | { tell: 'done' };

/** Which rule closed a batch. The uuid of its first event finds it again among those that arrived. */
export interface SentBatch {
  readonly cause: FlushCause;
  readonly firstUuid: string;
  /** How many events it has. */
  readonly events: number;
}

export interface PlainSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string | undefined;
  readonly name: string;
  readonly kind: number;
  readonly startMillis: number;
  readonly durationMillis: number;
  readonly attributes: Attributes;
  readonly events: readonly { name: string; atMillis: number; attributes: Attributes }[];
}
