// SPDX-License-Identifier: Apache-2.0
import type { ExportBatch } from './event-exporter.js';
import type { SerializedEvent } from './serialized-event.js';

/** A text and its length as UTF-8: an event's, or that of several with commas between them. */
export type MeasuredText = Pick<SerializedEvent, 'json' | 'byteLength'>;

/** A batch as the exporter of this package gets it; one of the application's gets batches without the texts. */
export interface BatchWithTexts extends ExportBatch {
  /** Those of all `events`, in their order, where several are one; undefined if each event has its own. */
  readonly texts?: readonly MeasuredText[] | undefined;
}
