// SPDX-License-Identifier: Apache-2.0
import type { BatchPieces } from './batch-pieces.js';
import type { Sender } from './door.js';
import type { OtlpExport } from './otlp-event.js';
import type { BatchReceipt, Receipt } from './receipt.js';

/** Takes the events of one OTLP request, all or none. Never rejects. */
export interface OtlpIntake {
  /** @returns with the unreadable events among the refused, as `invalid` */
  take(request: OtlpExport, sender: Sender): Promise<Receipt>;
}

/** What is known of a batch that came through a stream, besides its body. */
export interface BatchOrigin {
  /** Which of Optimizely's addresses its sender would have sent it to. */
  readonly region?: 'US' | 'EU' | undefined;
  /** How long ago the youngest of its events was accepted, milliseconds. */
  readonly ageMillis: number;
}

/** Takes one batch of Optimizely's Events API, all or nothing. Never rejects. */
export interface BatchIntake {
  /**
   * @param text the body, which `batch` was parsed from
   */
  take(batch: Readonly<Record<string, unknown>>, text: string, sender: Sender): Promise<BatchReceipt>;
}

/** Takes the batch of one message of a stream, all or nothing. Never rejects. */
export interface MessageIntake {
  /** @param sender who published it */
  take(batch: BatchPieces, sender: string, origin: BatchOrigin): Promise<BatchReceipt>;
}
