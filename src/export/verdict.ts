// SPDX-License-Identifier: Apache-2.0
import { errorLabel } from '../util/error-label.js';

/** The outcome of one attempt. */
export type Answer =
  | {
      readonly kind: 'status';
      /** Undefined if the dispatcher did not say. */
      readonly status: number | undefined;
      readonly retryAfterMillis?: number | undefined;
      /** Whether a stream has the events, and they are yet to be delivered. */
      readonly streamed?: boolean | undefined;
      /** The header of that name, of an answer that took the request. */
      readonly date?: unknown;
    }
  | { readonly kind: 'no answer'; readonly error: unknown };

export type Verdict =
  | { readonly kind: 'delivered' }
  /** A stream has it, from which another process delivers. */
  | { readonly kind: 'streamed' }
  /** `floorMillis`: the server asked to be left alone that long. `slow`: only time or an operator mends it. */
  | { readonly kind: 'retry'; readonly floorMillis: number; readonly slow: boolean }
  /** The server or a proxy accepts only smaller requests. */
  | { readonly kind: 'too large' }
  /** The server will never accept it as it is. */
  | { readonly kind: 'refused' };

const DELIVERED: Verdict = { kind: 'delivered' };
const STREAMED: Verdict = { kind: 'streamed' };

export type Retry = Extract<Verdict, { readonly kind: 'retry' }>;

/** A server that asks for more is asked again after this. */
const LONGEST_RETRY_AFTER_MILLIS = 5 * 60_000;

/** What speaks of the request itself. All else in 4xx speaks of the way: a proxy, a gateway between two deployments. */
const REFUSALS: readonly number[] = [400, 411, 414, 415, 422, 431, 501];
const BUSY: readonly number[] = [408, 425, 429];

/** The delivery table: what an answer means. */
export function judge(answer: Answer): Verdict {
  if (answer.kind === 'no answer') return { kind: 'retry', floorMillis: 0, slow: false };
  const { status } = answer;
  if (status === undefined || (status >= 200 && status < 300)) {
    return answer.streamed === true ? STREAMED : DELIVERED;
  }
  if (status === 413) return { kind: 'too large' };
  if (REFUSALS.includes(status)) return { kind: 'refused' };
  const floorMillis = Math.min(answer.retryAfterMillis ?? 0, LONGEST_RETRY_AFTER_MILLIS);
  // Credentials, proxies and gateways heal, and redirects are not followed.
  const slow = status >= 300 && status < 500 && !BUSY.includes(status);
  return { kind: 'retry', floorMillis, slow };
}

/** Whether, where others get through, the request itself may have brought it about. */
export function speaksOfTheChunk(answer: Answer): boolean {
  if (answer.kind === 'no answer') return true;
  return answer.status !== undefined && answer.status >= 500 && answer.retryAfterMillis === undefined;
}

const RESETS = ['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET'];

/** The connection broke: what happens to an idle one that the other side closes just as it is used again. */
export function isReset(answer: Answer): boolean {
  if (answer.kind !== 'no answer') return false;
  try {
    const code: unknown = (answer.error as { code?: unknown } | null | undefined)?.code;
    return typeof code === 'string' && RESETS.includes(code);
  } catch {
    return false;
  }
}

/** @returns what metrics show of the answer as `error.type`: undefined if the events have arrived */
export function errorTypeOf(answer: Answer): string | undefined {
  if (answer.kind === 'no answer') return errorLabel(answer.error);
  const { kind } = judge(answer);
  return kind === 'delivered' || kind === 'streamed' ? undefined : String(answer.status);
}
