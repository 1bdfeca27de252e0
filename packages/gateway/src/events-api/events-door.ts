// SPDX-License-Identifier: Apache-2.0
import type { Door, DoorAnswer, DoorRequest, ServerRefusal } from '../model/door.js';
import type { BatchIntake } from '../model/intake.js';
import { describeMistake } from '../util/json-mistake.js';

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
    if ('mistake' in read) return this.refuse({ status: 400, message: read.mistake });
    const receipt = await this.#intake.take(read.batch, read.text, sender);
    switch (receipt.status) {
      case 'taken':
        return { status: 204 };
      case 'malformed':
        return this.refuse({ status: 400, message: receipt.message });
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

type Body = { readonly batch: Batch; readonly text: string } | { readonly mistake: string };

function readBody(body: Buffer): Body {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(body);
  } catch {
    return { mistake: 'the body is not UTF-8' };
  }
  let batch: unknown;
  try {
    batch = JSON.parse(text);
  } catch (error) {
    return error instanceof SyntaxError
      ? { mistake: `the body is not JSON: see ${describeMistake(text)}` }
      : { mistake: 'the body nests too deep' };
  }
  const isObject = typeof batch === 'object' && batch !== null && !Array.isArray(batch);
  return isObject ? { batch: batch as Batch, text } : { mistake: 'the body is not a JSON object' };
}
