// SPDX-License-Identifier: Apache-2.0
import type { ExperimentEvent, SerializedEvent } from 'opentelemetry-exporter-optimizely';

/** An event as it is sent, before it is handed to the exporter. */
export interface PreparedEvent {
  readonly serialized: SerializedEvent;
  /** The same event by its keys, for what decides what may leave; undefined if it has none. */
  readonly shown: ExperimentEvent | undefined;
  /** A repeat has the same one, and no other event has. Short where it can be: it is kept after the delivery. */
  readonly key: string;
}
