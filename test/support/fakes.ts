// SPDX-License-Identifier: Apache-2.0
import type {
  EventBatchParams,
  EventDispatcher,
  EventDispatcherResponse,
  EventExporter,
  EventExportResult,
  ExportBatch,
  LogEvent,
  Logger,
  SerializedEvent,
} from 'opentelemetry-exporter-optimizely';
import { bytesOf } from '../../src/util/log-event-body.js';

/** Keeps what it was told; says nothing. */
export class RecordingLogger implements Logger {
  readonly lines: { level: keyof Logger; message: string }[] = [];

  readonly error = (message: string): void => this.#keep('error', message);
  readonly warn = (message: string): void => this.#keep('warn', message);
  readonly info = (message: string): void => this.#keep('info', message);
  readonly debug = (message: string): void => this.#keep('debug', message);

  at(level: keyof Logger): string[] {
    return this.lines.filter(line => line.level === level).map(line => line.message);
  }

  #keep(level: keyof Logger, message: string): void {
    if (typeof message !== 'string') throw new TypeError('a log line must be text');
    this.lines.push({ level, message });
  }
}

/**
 * The batch of a request, read as `UndiciEventDispatcher` reads it: its bytes if it has any, else its text. Where both
 * exist and differ the test fails.
 */
function paramsSent(logEvent: LogEvent): EventBatchParams {
  const bytes = bytesOf(logEvent);
  const body = logEvent.body;
  if (bytes === undefined) return JSON.parse(body) as EventBatchParams;
  if (!Buffer.from(body).equals(bytes)) failTheTest('the bytes of a LogEvent are not those of its body');
  const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  return JSON.parse(text) as EventBatchParams;
}

/** Thrown where the test runner sees it: the package bears a dispatcher that throws. */
function failTheTest(message: string): void {
  const error = new Error(message);
  queueMicrotask(() => {
    throw error;
  });
}

/** Answers what the test says, at once; keeps what it was given as it was then. */
export class RecordingDispatcher implements EventDispatcher {
  readonly sent: EventBatchParams[] = [];
  readonly urls: string[] = [];
  answer: (
    attempt: number,
    logEvent: LogEvent,
  ) => EventDispatcherResponse | Promise<EventDispatcherResponse> = () => ({ statusCode: 204 });
  attempts = 0;

  async dispatchEvent(logEvent: LogEvent): Promise<EventDispatcherResponse> {
    this.urls.push(logEvent.url);
    this.sent.push(paramsSent(logEvent));
    return this.answer(++this.attempts, logEvent);
  }

  get visitors() {
    return this.sent.flatMap(params => params.visitors);
  }

  get uuids(): string[] {
    return uuidsIn(this.sent);
  }
}

export function uuidsIn(batches: readonly EventBatchParams[]): string[] {
  return batches.flatMap(({ visitors }) =>
    visitors.flatMap(({ snapshots }) => snapshots.flatMap(({ events }) => events.map(event => event.uuid))),
  );
}

/** Holds every batch until the test says what became of it. */
export class ManualExporter implements EventExporter {
  readonly batches: ExportBatch[] = [];
  readonly callbacks: ((result: EventExportResult) => void)[] = [];
  flushes = 0;
  shutdowns = 0;
  /** Answers success at once. */
  immediate = false;

  export(batch: ExportBatch, resultCallback: (result: EventExportResult) => void): void {
    if (this.shutdowns > 0) throw new Error('export after shutdown');
    this.batches.push(batch);
    this.callbacks.push(resultCallback);
    if (this.immediate) resultCallback({ code: 0 });
  }

  async forceFlush(): Promise<void> {
    this.flushes++;
  }

  async shutdown(): Promise<void> {
    this.shutdowns++;
  }

  get causes(): string[] {
    return this.batches.map(batch => batch.cause);
  }

  get sizes(): number[] {
    return this.batches.map(batch => batch.events.length);
  }
}

const contexts = new Map<string, SerializedEvent['context']>();

/** The same object for the same members, as events have it that were resolved against one datafile. */
export function makeContext(overrides: Partial<SerializedEvent['context']> = {}): SerializedEvent['context'] {
  const key = JSON.stringify(overrides);
  const known = contexts.get(key) ?? {
    region: 'US',
    accountId: 'account',
    projectId: 'project',
    revision: '1',
    clientName: 'test',
    clientVersion: '1.0.0',
    anonymizeIP: false,
    botFiltering: undefined,
    ...overrides,
  };
  contexts.set(key, known);
  return known;
}

let made = 0;

/** A resolved event; `json` is one visitor. */
export function makeUserEvent(overrides: Partial<SerializedEvent> = {}): SerializedEvent {
  const uuid = overrides.uuid ?? `event-${++made}`;
  const json =
    overrides.json ??
    `{"visitor_id":"v","attributes":[],"snapshots":[{"events":[{"entity_id":"1","timestamp":1700000000000,"key":"k","uuid":"${uuid}"}]}]}`;
  return {
    type: 'conversion',
    context: makeContext(),
    acceptedAt: 5_000,
    ...overrides,
    uuid,
    json,
    byteLength: Buffer.byteLength(json),
  };
}
