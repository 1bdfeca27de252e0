// SPDX-License-Identifier: Apache-2.0
import type { ExportBatch } from './event-exporter.js';

/** A batch as the exporter of this package gets it; one of the application's gets batches without the body. */
export interface BatchWithBody extends ExportBatch {
  /** The body of a request of all `events`, of ASCII alone; undefined if it is yet to be put together of their texts. */
  readonly body?: string | undefined;
}
