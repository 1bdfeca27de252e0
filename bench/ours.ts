// SPDX-License-Identifier: Apache-2.0
import { isDeepStrictEqual } from 'node:util';
import { context } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import {
  type EventDispatcher,
  type LogEvent,
  OptimizelySpanProcessor,
  type OptimizelySpanProcessorOptions,
} from 'opentelemetry-exporter-optimizely';
import { TAKES_OPTIONS } from '../src/model/event-dispatcher.js';
import { bytesOf } from '../src/util/log-event-body.js';
import { DATAFILE } from './workload.js';

/** For sides that drop events by design. */
export const SILENT = { error() {}, warn() {}, info() {}, debug() {} };

/** What an application that traces with NodeSDK has, and what looking for the active span costs there. */
export function registerContextManager(): void {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
}

/** Where a row sets `batchSize`, its batches have just that size, as its peer's have, and don't grow while they wait. */
export function makeProcessor(options: Partial<OptimizelySpanProcessorOptions> = {}) {
  return new OptimizelySpanProcessor({
    datafile: DATAFILE,
    maxBatchSize: options.batchSize,
    ...options,
  } as OptimizelySpanProcessorOptions);
}

/** Takes each body as a dispatcher does that reads its length, and answers at once. */
export class CountingDispatcher implements EventDispatcher {
  requests = 0;
  characters = 0;
  lastBody = '';

  async dispatchEvent({ body }: { readonly body: string }) {
    this.requests++;
    this.characters += body.length;
    this.lastBody = body;
    return { statusCode: 204 };
  }
}

/** Takes each body up to the bytes that would be sent. */
export class BytesDispatcher implements EventDispatcher {
  requests = 0;
  bytes = 0;
  lastBody = '';

  async dispatchEvent({ body }: { readonly body: string }) {
    this.requests++;
    this.bytes += Buffer.from(body).length;
    this.lastBody = body;
    return { statusCode: 204 };
  }
}

/** Takes each body as `UndiciEventDispatcher` does: its bytes, without a text of the whole. */
export class OwnDispatcher implements EventDispatcher {
  requests = 0;
  bytes = 0;
  #last: Uint8Array = new Uint8Array();

  get lastBody(): string {
    return Buffer.from(this.#last).toString();
  }

  async dispatchEvent(logEvent: LogEvent) {
    const bytes = bytesOf(logEvent);
    if (bytes === undefined) throw new Error('a body without bytes');
    this.requests++;
    this.bytes += bytes.length;
    this.#last = bytes;
    return { statusCode: 204 };
  }
}

Object.defineProperty(OwnDispatcher.prototype.dispatchEvent, TAKES_OPTIONS, { value: true });

/** Flushes. @throws unless every event that was recorded has been delivered */
export async function deliverAll(processor: OptimizelySpanProcessor): Promise<void> {
  await processor.forceFlush();
  const { recorded, delivered, recovered, ...rest } = processor.ledger();
  if (recorded === 0 || delivered !== recorded || recovered !== 0) {
    throw new Error(`${delivered} of ${recorded} events delivered: ${JSON.stringify(rest)}`);
  }
}

/** @throws unless both say the same but for who says it, when, and the random ids */
export function requireSameInformation(one: unknown, other: unknown): void {
  if (!isDeepStrictEqual(withoutIdentity(one), withoutIdentity(other))) {
    throw new Error(`different information:\n${JSON.stringify(one)}\n${JSON.stringify(other)}`);
  }
}

const IDENTITY = new Set(['uuid', 'timestamp', 'client_name', 'client_version']);

function withoutIdentity(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value, (key, member) => (IDENTITY.has(key) ? undefined : member)));
}
