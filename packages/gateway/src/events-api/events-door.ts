// SPDX-License-Identifier: Apache-2.0
import type { Door, DoorAnswer, DoorRequest, ServerRefusal } from '../model/door.js';
import type { BatchIntake } from '../model/intake.js';
import type { BatchReceipt } from '../model/receipt.js';
import { describeMistake } from '../util/json-mistake.js';
import { RequestTooLarge, requireBearableCount, requireBearableJson } from '../util/request-size.js';

/**
 * Takes batches as Optimizely's SDKs send them, of any content type, as Optimizely's own Events API does: 204, or an
 * error as `{"message": …}`.
 */
export function createEventsDoor(intake: BatchIntake): Door {
  return new EventsDoor(intake);
}

type Batch = Readonly<Record<string, unknown>>;

class EventsDoor implements Door {
  readonly #intake: BatchIntake;

  constructor(intake: BatchIntake) {
    this.#intake = intake;
  }

  async answer({ body, sender }: DoorRequest): Promise<DoorAnswer> {
    const read = readBody(body);
    if ('message' in read) return this.refuse(read);
    return this.#answerWith(this.#intake.take(read.batch, read.text, sender));
  }

  /** Apart from where the body is at hand: it is not kept while the receipt is waited for. */
  async #answerWith(awaited: Promise<BatchReceipt>): Promise<DoorAnswer> {
    const receipt = await awaited;
    switch (receipt.status) {
      case 'taken':
        return { status: 204 };
      case 'malformed':
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
    };
  }
}

type Body = { readonly batch: Batch; readonly text: string } | ServerRefusal;

function readBody(body: Buffer): Body {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(body);
  } catch {
    return mistaken('the body is not UTF-8');
  }
  try {
    requireBearableJson(body);
    const batch: unknown = JSON.parse(text);
    if (!isObject(batch)) return mistaken('the body is not a JSON object');
    if (Array.isArray(batch.visitors)) requireBearableCount(batch.visitors.length);
    return { batch, text };
  } catch (error) {
    if (error instanceof RequestTooLarge) return { status: 413, message: error.message };
    return mistaken(
      error instanceof SyntaxError
        ? `the body is not JSON: see ${describeMistake(text)}`
        : 'the body nests too deep',
    );
  }
}

function mistaken(message: string): ServerRefusal {
  return { status: 400, message };
}

function isObject(value: unknown): value is Batch {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
