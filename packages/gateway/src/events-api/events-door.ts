// SPDX-License-Identifier: Apache-2.0
import type { Door, DoorAnswer, DoorRequest, ServerRefusal } from '../model/door.js';
import type { BatchIntake } from '../model/intake.js';
import type { BatchReceipt } from '../model/receipt.js';
import { readBatchBody } from '../util/batch-body.js';

/**
 * Takes batches as Optimizely's SDKs send them, of any content type, as Optimizely's own Events API does: 204, or an
 * error as `{"message": …}`.
 */
export function createEventsDoor(intake: BatchIntake): Door {
  return new EventsDoor(intake);
}

class EventsDoor implements Door {
  readonly #intake: BatchIntake;

  constructor(intake: BatchIntake) {
    this.#intake = intake;
  }

  async answer({ body, sender }: DoorRequest): Promise<DoorAnswer> {
    const read = readBatchBody(body);
    if ('problem' in read) return this.refuse({ status: read.isTooLarge ? 413 : 400, message: read.problem });
    return this.#answerWith(this.#intake.take(read.batch, read.text, sender));
  }

  /** Apart from where the body is at hand: it is not kept while the receipt is waited for. */
  async #answerWith(awaited: Promise<BatchReceipt>): Promise<DoorAnswer> {
    const receipt = await awaited;
    switch (receipt.status) {
      case 'taken':
        return { status: 204 };
      case 'malformed':
      case 'unknown_project':
        return this.refuse({ status: 400, message: receipt.message });
      case 'too_large':
        return this.refuse({ status: 413, message: receipt.message });
      case 'later': {
        const { reason, retryAfterSeconds } = receipt;
        return this.refuse({ status: 503, message: reason, retryAfterSeconds });
      }
    }
  }

  refuse({ status, message, retryAfterSeconds }: ServerRefusal): DoorAnswer {
    return {
      status,
      headers: {
        'content-type': 'application/json',
        ...(retryAfterSeconds !== undefined && { 'retry-after': String(retryAfterSeconds) }),
      },
      body: JSON.stringify({ message }),
      problem: message,
    };
  }
}
