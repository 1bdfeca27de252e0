// SPDX-License-Identifier: Apache-2.0
import type { Sender } from './door.js';
import type { OtlpExport } from './otlp-event.js';
import type { BatchReceipt, Receipt } from './receipt.js';

/** Takes the events of one OTLP request, all or none. Never rejects. */
export interface OtlpIntake {
  /** @returns with the unreadable events among the refused, as `invalid` */
  take(request: OtlpExport, sender: Sender): Promise<Receipt>;
}

/** Takes one batch of Optimizely's Events API, all or nothing. Never rejects. */
export interface BatchIntake {
  /** @param text the body, which `batch` was parsed from */
  take(batch: Readonly<Record<string, unknown>>, text: string, sender: Sender): Promise<BatchReceipt>;
}
