// SPDX-License-Identifier: Apache-2.0
import type { StoredSpanEvent } from '../util/hand-over-mark.js';

/** What the processor reads of a span that starts: of both SDK lines, and of other vendors. */
export interface StartedSpan {
  readonly resource: object;
}

/** What the processor reads of a span that ended. */
export interface EndedSpan {
  readonly events: readonly StoredSpanEvent[];
}
