// SPDX-License-Identifier: Apache-2.0
import type { ExportBatch } from './event-exporter.js';

/** A text that a body is put together of: that of one event, or those of several with commas between them. */
export interface PieceOfBody {
  readonly json: string;
  /** Length of `json` as UTF-8; where it is the length of `json` as well, the text is ASCII. */
  readonly byteLength: number;
}

/** The body of a request, of ASCII alone, or the pieces between the ends of its envelope. */
export type MadeBody = string | readonly PieceOfBody[];

/** A batch as the exporter of this package gets it; one of the application's gets batches without the body. */
export interface BatchWithBody extends ExportBatch {
  /** Of a request of all `events`. @default yet to be put together of their texts */
  readonly body?: MadeBody | undefined;
}
