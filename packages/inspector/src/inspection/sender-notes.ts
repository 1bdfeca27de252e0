// SPDX-License-Identifier: Apache-2.0
import type { IncomingHttpHeaders } from 'node:http';
import { CAUSE_HEADER, SPANS_HEADER } from '../attach/note-headers.js';

/** What the sender told beside the batch: an application with an attached inspector does. */
export interface SenderNotes {
  /** Why its batch was closed. */
  readonly cause: string | undefined;
  /** One an event, in order, as far as they were told. */
  readonly spans: readonly SpanIds[];
}

export interface SpanIds {
  readonly traceId: string | undefined;
  readonly spanId: string | undefined;
}

export const NOTHING_NOTED: SenderNotes = { cause: undefined, spans: [] };

const CAUSE = /^[a-z]{1,20}$/;
const IDS = /^([0-9a-f]{32})-([0-9a-f]{16})$/;
const NO_SPAN: SpanIds = { traceId: undefined, spanId: undefined };

/** Takes nothing that is not of the expected form. */
export function readSenderNotes(headers: IncomingHttpHeaders): SenderNotes {
  const cause = textOf(headers[CAUSE_HEADER.toLowerCase()]);
  const spans = textOf(headers[SPANS_HEADER.toLowerCase()]);
  return {
    cause: CAUSE.test(cause) ? cause : undefined,
    spans: spans === '' ? [] : spans.split(',').map(readSpan),
  };
}

function readSpan(text: string): SpanIds {
  const [, traceId, spanId] = IDS.exec(text.trim()) ?? [];
  return traceId === undefined ? NO_SPAN : { traceId, spanId };
}

function textOf(header: string | string[] | undefined): string {
  return typeof header === 'string' ? header : '';
}
