// SPDX-License-Identifier: Apache-2.0
//
// Counts what the endpoint received and compares it with what the shop says it recorded.
import type { DropReason, LogEventInfo } from 'opentelemetry-exporter-optimizely';
import type { ReceivedBatch } from 'opentelemetry-exporter-optimizely/testing';
import { type ExperimentFigures, figuresOf } from './experiment-figures.js';
import type { PlainSpan, SentBatch } from './messages.js';
import type { ProcessEnd } from './shop-process.js';

type FlushCause = LogEventInfo['cause'];

export const CAUSES = ['size', 'age', 'revision', 'flush', 'shutdown'] as const satisfies FlushCause[];

export interface Evidence {
  /** What the endpoint received. */
  readonly arrived: readonly ReceivedBatch[];
  /** Uuids that the shop's answers named, or 'refused'. */
  readonly recorded: readonly string[];
  readonly sent: readonly SentBatch[];
  readonly dropped: readonly { readonly reason: DropReason; readonly count: number }[];
  readonly visitorIds: readonly string[];
  readonly spans: readonly PlainSpan[];
  readonly shopEnd: ProcessEnd;
}

export interface Tally {
  readonly requests: Map<number, number>;
  readonly bytes: number;
  readonly batchesByCause: Map<string, number>;
  readonly eventsByCause: Map<string, number>;
  readonly eventsByRevision: Map<string, number>;
  readonly experiments: ExperimentFigures[];
  readonly visitors: number;
  readonly recorded: number;
  readonly received: number;
  readonly lost: number;
  readonly twice: number;
  /** Arrived, but the shop did not say that it recorded them. */
  readonly unknown: number;
  readonly problems: Map<string, number>;
  readonly dropped: Map<string, number>;
  readonly spans: number;
  readonly idsInTraces: number;
  readonly shopEnd: ProcessEnd;
}

export function tallyUp(evidence: Evidence): Tally {
  const { arrived, recorded, sent, dropped, visitorIds, spans, shopEnd } = evidence;
  const accepted = arrived.filter(({ statusCode }) => statusCode >= 200 && statusCode < 300);
  const events = accepted.flatMap(batch => batch.events);
  const uuids = events.map(({ uuid }) => uuid);
  const received = new Set(uuids);
  const known = new Set(recorded);
  const causes = new Map(sent.map(({ firstUuid, cause }) => [firstUuid, cause]));
  const causeOf = (batch: ReceivedBatch) => causes.get(batch.events[0]?.uuid ?? '') ?? 'unknown';
  const traces = JSON.stringify(spans);
  return {
    requests: count(arrived, ({ statusCode }) => statusCode),
    bytes: arrived.reduce((sum, { byteLength }) => sum + byteLength, 0),
    batchesByCause: count(accepted, causeOf),
    eventsByCause: count(accepted, causeOf, batch => batch.events.length),
    eventsByRevision: count(
      accepted,
      ({ params }) => params.revision,
      batch => batch.events.length,
    ),
    experiments: figuresOf(accepted),
    visitors: visitorIds.length,
    recorded: recorded.length,
    received: received.size,
    lost: recorded.filter(uuid => !received.has(uuid)).length,
    twice: uuids.length - received.size,
    unknown: [...received].filter(uuid => !known.has(uuid)).length,
    problems: count(
      arrived.flatMap(batch => [...batch.problems, ...batch.events.flatMap(event => event.problems)]),
      ({ code }) => code,
    ),
    dropped: count(
      dropped,
      ({ reason }) => reason,
      ({ count }) => count,
    ),
    spans: spans.length,
    idsInTraces: visitorIds.filter(id => traces.includes(id)).length,
    shopEnd,
  };
}

function count<T, K>(items: readonly T[], keyOf: (item: T) => K, weightOf = (_item: T) => 1): Map<K, number> {
  const counts = new Map<K, number>();
  for (const item of items) counts.set(keyOf(item), (counts.get(keyOf(item)) ?? 0) + weightOf(item));
  return counts;
}
