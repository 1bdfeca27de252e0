// SPDX-License-Identifier: Apache-2.0
import type { ExperimentEvent, SerializedEvent } from 'opentelemetry-exporter-optimizely';

/** An event as it is sent, before it is handed to the exporter. */
export interface PreparedEvent {
  readonly serialized: SerializedEvent;
  /** The same event by its keys, for what decides what may leave; undefined if it has none. */
  readonly shown: ExperimentEvent | undefined;
}
