// SPDX-License-Identifier: Apache-2.0

/** What came of one attempt. */
export type Answer =
  | {
      readonly kind: 'status';
      /** undefined: the dispatcher did not say. */
      readonly status: number | undefined;
      readonly retryAfterMillis?: number | undefined;
      readonly headers?: Readonly<Record<string, string | string[] | undefined>> | undefined;
    }
  | { readonly kind: 'no answer'; readonly error: unknown };

export type Verdict =
  | { readonly kind: 'delivered' }
  /** `floorMillis`: the server asked to be left alone that long. `slow`: only time or an operator mends it. */
  | { readonly kind: 'retry'; readonly floorMillis: number; readonly slow: boolean }
  /** Something on the way takes smaller requests only. */
  | { readonly kind: 'too large' }
  /** The server will never take it as it is. */
  | { readonly kind: 'refused' };

/** A server that asks for more is asked again after this. */
const LONGEST_RETRY_AFTER_MILLIS = 5 * 60_000;

/** The delivery table: what an answer means. */
export function judge(answer: Answer): Verdict {
  if (answer.kind === 'no answer') return { kind: 'retry', floorMillis: 0, slow: false };
  const { status } = answer;
  if (status === undefined || (status >= 200 && status < 300)) return { kind: 'delivered' };
  const floorMillis = Math.min(answer.retryAfterMillis ?? 0, LONGEST_RETRY_AFTER_MILLIS);
  if (status === 408 || status === 429 || status >= 500) return { kind: 'retry', floorMillis, slow: false };
  // Credentials and proxies heal, and redirects are not followed.
  if (status === 401 || status === 403 || status < 400) return { kind: 'retry', floorMillis, slow: true };
  return status === 413 ? { kind: 'too large' } : { kind: 'refused' };
}

const RESETS = ['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET'];

/** The connection broke: what happens to an idle one that the other side closes just as it is used again. */
export function isReset(answer: Answer): boolean {
  if (answer.kind !== 'no answer') return false;
  const code: unknown = (answer.error as { code?: unknown } | null | undefined)?.code;
  return typeof code === 'string' && RESETS.includes(code);
}
