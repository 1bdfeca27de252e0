// SPDX-License-Identifier: Apache-2.0
import type { EventContext } from '../model/event-context.js';
import type { ExperimentEvent } from '../model/experiment-event.js';
import type { SerializedEvent } from '../model/serialized-event.js';
import { isObject, type JsonObject } from '../util/json.js';
import { ownJson } from '../util/own-json.js';
import { readContext } from './context-reader.js';
import { readVisitor } from './read-visitor.js';

/** One visitor of a batch, for `processor.process(event, shown, null)`. */
export interface EventBatchVisitor {
  readonly event: SerializedEvent;
  /** The same event by its keys; undefined if the visitor has several events, or one that no SDK of Optimizely builds. */
  readonly shown: ExperimentEvent | undefined;
}

/** The text of a batch in pieces, for senders whose numbers JavaScript can't hold. */
export interface EventBatchTexts {
  /** Each element of `visitors`. */
  readonly visitors: readonly string[];
  /** An object of all other members. */
  readonly envelope: string;
}

export interface ReadEventBatchOptions {
  /** Whether events go to Optimizely's US or EU address, where the processor has no `endpoint`. */
  readonly region: 'US' | 'EU';
  /** When the batch was received, milliseconds of the processor's monotonic clock. */
  readonly acceptedAt: number;
  /** @default the batch, serialized again */
  readonly texts?: EventBatchTexts | undefined;
}

/**
 * Reads a request body of Optimizely's Events API, as an SDK of any language sends it, for a program that passes it on:
 * visitors as they were written, in the client name and version of the sender. An element of `visitors` that is not an
 * object has an empty text, which the processor refuses as invalid.
 */
export function readEventBatch(
  batch: Readonly<Record<string, unknown>>,
  { region, acceptedAt, texts }: ReadEventBatchOptions,
): EventBatchVisitor[] {
  const visitors: readonly unknown[] = Array.isArray(batch.visitors) ? batch.visitors : [];
  const context = readContext(region, batch, texts?.envelope);
  return visitors.map((visitor, index) =>
    toEvent(visitor, texts?.visitors[index] ?? textOf(visitor), context, acceptedAt),
  );
}

export function toEvent(
  visitor: unknown,
  json: string,
  context: EventContext,
  acceptedAt: number,
): EventBatchVisitor {
  const { type, uuid, event } = readVisitor(isObject(visitor) ? ownJson(visitor) : NOTHING);
  return {
    event: { type, uuid, context, json, byteLength: Buffer.byteLength(json), acceptedAt },
    shown: event,
  };
}

const NOTHING: JsonObject = Object.create(null);

/** @returns `''`, which the processor counts as invalid, if it is not an object or can't be serialized */
export function textOf(visitor: unknown): string {
  try {
    return isObject(visitor) ? (JSON.stringify(visitor) ?? '') : '';
  } catch {
    return '';
  }
}
