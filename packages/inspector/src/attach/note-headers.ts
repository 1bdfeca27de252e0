// SPDX-License-Identifier: Apache-2.0

/** Why the batch was closed. */
export const CAUSE_HEADER = 'X-Optimizely-Inspect-Cause';
/** The spans of its events: `TRACE_ID-SPAN_ID`, or nothing, with commas between them. */
export const SPANS_HEADER = 'X-Optimizely-Inspect-Spans';
