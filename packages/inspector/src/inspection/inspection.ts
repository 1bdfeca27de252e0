// SPDX-License-Identifier: Apache-2.0

import { randomUUID } from 'node:crypto';
import { MAX_BODY_BYTES } from 'opentelemetry-exporter-optimizely/testing';
import { Identities } from '../checks/identities.js';
import { checkClock, checkSize } from '../checks/request-checks.js';
import { VisitorBook } from '../experiments/visitor-book.js';
import type { JsonObject } from '../util/json.js';
import { textOf } from '../util/json.js';
import { BatchLog, type LogLimits } from './batch-log.js';
import { inspectEvents } from './inspect-events.js';
import type { InspectedBatch, RefusedRequest } from './inspected-batch.js';
import type { Problem } from './problem.js';
import type { Project } from './project.js';
import { NOTHING_NOTED, type SenderNotes } from './sender-notes.js';

export interface InspectionOptions extends LogLimits {
  /** The datafile in force; undefined if there is none, so that ids can't be looked up. */
  readonly project: () => Project | undefined;
  /** Whether the batches are live traffic: the age of others says nothing. @default true */
  readonly live?: boolean;
}

export interface Arrival {
  readonly params: JsonObject;
  readonly body: Buffer;
  readonly notes?: SenderNotes;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

export interface Refusal {
  /** The beginning of it. */
  readonly body: Buffer;
  /** Of all of it. */
  readonly byteLength: number;
  readonly status: number;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/**
 * All that is known of what has arrived: batches in, events, problems and experiments out. No clock, no network; bounded
 * by its limits.
 */
export class Inspection {
  /** Tells this run from others. */
  readonly instance = randomUUID();
  readonly log: BatchLog;
  readonly visitors: VisitorBook;
  readonly #options: InspectionOptions;
  #identities: Identities;
  #lastSequence = 0;
  /** Counts every change, so that watchers know whether they have seen all. */
  #version = 0;
  #onChange: () => void = () => {};

  constructor(options: InspectionOptions) {
    this.#options = options;
    this.log = new BatchLog(options);
    this.visitors = new VisitorBook(
      options.maxEvents,
      (experimentId, eventId) => options.project()?.names.measures(experimentId, eventId) ?? true,
    );
    this.#identities = new Identities(options.maxEvents);
  }

  get project(): Project | undefined {
    return this.#options.project();
  }

  get version(): number {
    return this.#version;
  }

  /** @param listener called after every change: it must be cheap */
  onChange(listener: () => void): void {
    this.#onChange = listener;
  }

  get lastSequence(): number {
    return this.#lastSequence;
  }

  /** Shows a batch, with all that it shows by itself. It counts once it is accepted. */
  receive({ params, body, notes = NOTHING_NOTED, now }: Arrival): InspectedBatch {
    const { events, problems } = inspectEvents(params, {
      project: this.project,
      now,
      spans: notes.spans,
    });
    const found = [
      ...problems,
      checkSize(body.length, MAX_BODY_BYTES),
      this.#options.live === false ? undefined : checkClock(events, now),
    ];
    return this.#show({
      receivedAt: now,
      events,
      problems: found.filter(problem => problem !== undefined),
      body,
      byteLength: body.length,
      visitorCount: new Set(events.map(({ visitorId }) => visitorId)).size,
      client: [textOf(params.client_name), textOf(params.client_version)].filter(Boolean).join(' '),
      revision: textOf(params.revision),
      cause: notes.cause,
    });
  }

  /** Optimizely has it: it counts, and shows what is wrong with events before and after it. */
  accept(batch: InspectedBatch): void {
    for (const event of batch.events) {
      const known = this.#identities.add(event);
      if (known !== undefined) event.problems = [...event.problems, known];
      this.visitors.add(event);
    }
    this.changed();
  }

  /** Shows a request from which no batch could be read. */
  refuse(request: RefusedRequest, { body, byteLength, status, now }: Refusal): void {
    const batch = this.#show({
      receivedAt: now,
      events: [],
      problems: [{ code: 'refused', message: `refused with ${status}: ${request.message}` }],
      request,
      body,
      byteLength,
      visitorCount: 0,
      client: '',
      revision: '',
      cause: undefined,
    });
    batch.status = status;
  }

  /** Something that is shown was changed. */
  changed(): void {
    this.#version++;
    this.#onChange();
  }

  /** Forgets everything but the datafile. */
  clear(): void {
    this.log.clear();
    this.visitors.clear();
    this.#identities = new Identities(this.#options.maxEvents);
    this.changed();
  }

  #show(known: Omit<InspectedBatch, 'sequence' | 'status' | 'forwarding'>): InspectedBatch {
    const batch: InspectedBatch = {
      ...known,
      sequence: ++this.#lastSequence,
      status: undefined,
      forwarding: undefined,
    };
    this.log.add(batch);
    this.changed();
    return batch;
  }
}

/** Problems of a batch, its events' included. */
export function problemsOf({ problems, events }: InspectedBatch): Problem[] {
  return [...problems, ...events.flatMap(event => event.problems)];
}
