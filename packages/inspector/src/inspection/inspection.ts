// SPDX-License-Identifier: Apache-2.0

import { randomUUID } from 'node:crypto';
import { MAX_BODY_BYTES } from 'opentelemetry-exporter-optimizely/testing';
import { Identities } from '../checks/identities.js';
import { checkClock, checkSize } from '../checks/request-checks.js';
import { VisitorBook } from '../experiments/visitor-book.js';
import { Interner } from '../util/interner.js';
import type { JsonObject } from '../util/json.js';
import { textOf } from '../util/json.js';
import { AllocationHistory } from './allocation-history.js';
import { BatchLog, type LogLimits } from './batch-log.js';
import { EventFigures } from './event-figures.js';
import { inspectEvents } from './inspect-events.js';
import type { InspectedBatch, RefusedRequest } from './inspected-batch.js';
import type { Problem } from './problem.js';
import type { Project } from './project.js';
import { NOTHING_NOTED, type SenderNotes } from './sender-notes.js';
import { Traffic } from './traffic.js';

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
  /** Counts of what the log keeps. */
  figures = new EventFigures();
  /** What was accepted, also what the log has dropped since. */
  traffic = new Traffic();
  /** What was wrong with the latest request that was refused; `''` before the first. */
  lastRefusal = '';
  /** Requests that were not read at all, and why the latest of them was not. */
  blocked = 0;
  lastBlocked = '';
  /** Traffic allocations of all datafiles that were in force. */
  readonly allocations = new AllocationHistory();
  readonly #options: InspectionOptions;
  readonly #interner = new Interner();
  #identities: Identities;
  #lastSequence = 0;
  /** Counts every change, so that watchers know whether they have seen all. */
  #version = 0;
  #onChange: () => void = () => {};

  constructor(options: InspectionOptions) {
    this.#options = options;
    this.log = new BatchLog(options, batch => this.#dropped(batch));
    this.visitors = new VisitorBook({
      most: options.maxEvents,
      allocation: (experimentId, visitorId, revision) =>
        this.allocations.find(experimentId, visitorId, revision),
      judge: (event, problems) => this.figures.judge(event, problems, event.kept),
    });
    this.#identities = new Identities(options.maxEvents);
  }

  get project(): Project | undefined {
    const project = this.#options.project();
    if (project !== undefined) this.allocations.note(project.names);
    return project;
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
    const { events, problems, attributes } = inspectEvents(params, {
      project: this.project,
      now,
      spans: notes.spans,
      interner: this.#interner,
    });
    for (const [key, value] of attributes) this.traffic.noteAttribute(key, value);
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
      if (known !== undefined) this.figures.judge(event, [...event.problems, known], event.kept);
      this.visitors.add(event, batch.revision);
      this.traffic.add(event);
    }
    this.traffic.addBatch(batch);
    this.changed();
  }

  /** The answer to a batch: it is refused, or passed on, or simply taken. */
  answer(batch: InspectedBatch, status: number): void {
    batch.status = status;
    if (this.#isKept(batch)) this.figures.answered(batch);
    this.changed();
  }

  /** Notes that a request was refused, by this endpoint or by Optimizely. */
  refused(batch: InspectedBatch, message: string): void {
    const problem: Problem = { code: 'refused', message };
    if (this.#isKept(batch)) this.figures.addProblem(batch, problem);
    else batch.problems.push(problem);
    this.lastRefusal = message;
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
    this.lastRefusal = `${request.method} ${request.path.split('?', 1)[0]} was answered ${status}: ${request.message}`;
    this.answer(batch, status);
  }

  /** Counts a request that was not read, as it came from a page or for another host. */
  block(reason: string): void {
    this.blocked++;
    this.lastBlocked = reason;
    this.changed();
  }

  /** Something that is shown was changed. */
  changed(): void {
    this.#version++;
    this.#onChange();
  }

  /** Forgets everything but the datafile. */
  clear(): void {
    for (const { events } of this.log.newestFirst()) for (const event of events) event.kept = false;
    this.log.clear();
    this.figures = new EventFigures();
    this.traffic = new Traffic();
    this.lastRefusal = '';
    this.blocked = 0;
    this.lastBlocked = '';
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
    for (const event of batch.events) event.kept = true;
    this.figures.add(batch);
    this.log.add(batch);
    this.changed();
    return batch;
  }

  /** A batch may have had to go while it was passed on. */
  #isKept(batch: InspectedBatch): boolean {
    return this.log.find(batch.sequence) === batch;
  }

  #dropped(batch: InspectedBatch): void {
    for (const event of batch.events) event.kept = false;
    this.figures.remove(batch);
  }
}
