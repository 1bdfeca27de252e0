// SPDX-License-Identifier: Apache-2.0
import type { SerializedEvent } from 'opentelemetry-exporter-optimizely';
import { readEventBatch } from 'opentelemetry-exporter-optimizely/optimizely-sdk';
import type { BatchPieces } from '../model/batch-pieces.js';

type EventContext = SerializedEvent['context'];

/** Envelopes of a fleet of several services and revisions. */
const MAX_CONTEXTS = 64;
/** Longer ones are not of an SDK, and are read each time. */
const MAX_CHARACTERS = 512;

/** What the visitors of a batch share, read once for all batches with the same: equal ones are compared at a glance. */
export class BatchContexts {
  readonly #known = new Map<string, EventContext>();

  of({ envelope, others }: Pick<BatchPieces, 'envelope' | 'others'>, region: 'US' | 'EU'): EventContext {
    const key = region + envelope;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const [made] = readEventBatch(
      { ...others, visitors: [{}] },
      { region, acceptedAt: 0, texts: { envelope, visitors: ['{}'] } },
    );
    const { context } = (made as NonNullable<typeof made>).event;
    if (envelope.length > MAX_CHARACTERS) return context;
    if (this.#known.size >= MAX_CONTEXTS) this.#known.clear();
    this.#known.set(key, context);
    return context;
  }
}
