// SPDX-License-Identifier: Apache-2.0
import type { ExperimentEvent } from 'opentelemetry-exporter-optimizely';

/** A visitor of a batch as its sender wrote it, and what is to be known of it to pass it on. */
export interface VisitorPiece {
  readonly type: ExperimentEvent['type'];
  /** Of its first event; `''` if it has no event. */
  readonly uuid: string;
  readonly json: string;
  /** Of `json`, UTF-8. */
  readonly byteLength: number;
}

/** A batch of Optimizely's Events API in pieces. */
export interface BatchPieces {
  /** All members but `visitors`. */
  readonly others: Readonly<Record<string, unknown>>;
  /** The same, as the sender wrote them, as an object. */
  readonly envelope: string;
  readonly visitors: readonly VisitorPiece[];
}
