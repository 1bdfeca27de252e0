// SPDX-License-Identifier: Apache-2.0
import { context } from '@opentelemetry/api';
import { type DropReason, isDropReason } from '../model/drop-reason.js';
import type { EventExporter, EventExportResult, ExportBatch } from '../model/event-exporter.js';
import type { Logger } from '../model/logger.js';
import type { SerializedEvent } from '../model/serialized-event.js';
import { toBeCopied } from '../util/event-text.js';
import { isThenable, kindOf, Seam } from '../util/guard.js';
import { memberOf, ownMembers } from '../util/own-members.js';
import { suppressTracing } from '../util/suppress-tracing.js';

type Dropped = NonNullable<EventExportResult['dropped']>[number];

/**
 * An exporter of the application's own: its requests are not traced, it may be asynchronous, may call back with what is
 * not a result, and may have only the methods that it needs.
 */
class GuardedExporter {
  readonly #exporter: EventExporter;
  readonly #seam: Seam;
  /** Undefined where the exporter does not tell. */
  readonly isBusy: (() => boolean) | undefined;
  /** Undefined where the exporter does not tell. */
  readonly load: (() => number) | undefined;

  constructor(exporter: EventExporter, logger: Logger) {
    this.#exporter = exporter;
    this.#seam = new Seam('exporter', logger);
    if (this.#has('isBusy')) {
      this.isBusy = () => this.#seam.call<unknown>('isBusy', false, () => exporter.isBusy?.()) === true;
    }
    if (this.#has('load')) {
      this.load = () => readShare(this.#seam.call<unknown>('load', 0, () => exporter.load?.()));
    }
  }

  /** @throws what the exporter throws */
  export(batch: ExportBatch, resultCallback: (result: EventExportResult) => void): void {
    const { context, byteLength, cause } = batch;
    // A list of its own: exporters take events out of theirs.
    const events = batch.events.map(toBeCopied);
    const own = new OwnEvents(batch.events);
    let hasCalledBack = false;
    const callBack = (result: unknown) => {
      hasCalledBack = true;
      resultCallback(this.#readResult(result, own));
    };
    const guarded: ExportBatch = {
      ...{ context, events, byteLength, cause },
      notifyLogEvent: (logEvent, piece) => batch.notifyLogEvent(logEvent, piece),
      hasLogEventListeners: () => memberOf(batch, 'hasLogEventListeners')?.call(batch) !== false,
      settle: (part, outcome) =>
        batch.settle(own.namedBy(part), outcome === 'streamed' ? outcome : readReason(outcome)),
    };
    const returned: unknown = untraced(() => this.#exporter.export(guarded, callBack));
    if (!isThenable(returned)) return;
    returned.then(
      result => {
        if (hasCalledBack) return;
        if (isResult(result)) callBack(result);
        else this.#seam.misused('export', UNANSWERED);
      },
      error => resultCallback({ code: 1, error: error as Error }),
    );
  }

  #readResult(result: unknown, own: OwnEvents): EventExportResult {
    if (!isResult(result)) this.#seam.misused('export', `calls back with ${kindOf(result)}, and ${CODES}`);
    return readResult(result, own);
  }

  onReady(listener: () => void): void {
    if (this.#has('onReady')) this.#seam.call('onReady', undefined, () => this.#exporter.onReady?.(listener));
  }

  async forceFlush(options: { signal: AbortSignal }): Promise<void> {
    if (this.#has('forceFlush')) await untraced(() => this.#exporter.forceFlush?.(options));
  }

  async shutdown(): Promise<void> {
    if (this.#has('shutdown')) await untraced(() => this.#exporter.shutdown?.());
  }

  #has(method: 'isBusy' | 'load' | 'onReady' | 'forceFlush' | 'shutdown'): boolean {
    return this.#seam.call(method, false, () => typeof memberOf(this.#exporter, method) === 'function');
  }
}

/** Every exporter that an application gives is called through this. */
export function guardExporter(exporter: EventExporter, logger: Logger): EventExporter {
  return new GuardedExporter(exporter, logger) as EventExporter;
}

const UNANSWERED =
  'returns a promise that is fulfilled before it calls back: its batch is pending until it does';

const CODES = 'has to call back with { code: 0 } or { code: 1 }: its events count as rejected';

function isResult(result: unknown): result is EventExportResult {
  try {
    const code: unknown = memberOf(result as object, 'code');
    return code === 0 || code === 1;
  } catch {
    return false;
  }
}

function untraced<T>(work: () => T): T {
  return context.with(suppressTracing(context.active()), work);
}

/** Nothing that can't be one. */
function readShare(value: unknown): number {
  return typeof value === 'number' && value >= 0 ? Math.min(value, 1) : 0;
}

function readReason(reason: unknown): DropReason | undefined {
  if (reason === undefined || isDropReason(reason)) return reason;
  return 'rejected';
}

function readResult(result: unknown, own: OwnEvents): EventExportResult {
  try {
    const names = ['code', 'error', 'dropped', 'streamed'];
    const { code, error, dropped, streamed } = ownMembers(
      (result ?? {}) as object,
      names,
    ) as Partial<EventExportResult>;
    return {
      code: code === 0 ? 0 : 1,
      error,
      dropped: Array.isArray(dropped)
        ? dropped.map((drop: Partial<Dropped>) => ({
            reason: readReason(drop.reason) ?? 'rejected',
            events: own.namedBy(drop.events),
          }))
        : [],
      streamed: own.namedBy(streamed),
    };
  } catch (error) {
    return { code: 1, error: error as Error };
  }
}

/** Finds the events of a batch that an exporter names, itself or by copies that it has made; perhaps one in each call. */
class OwnEvents {
  readonly #events: readonly SerializedEvent[];
  #known: Set<SerializedEvent> | undefined;
  #byText: Map<string, SerializedEvent> | undefined;

  constructor(events: readonly SerializedEvent[]) {
    this.#events = events;
  }

  namedBy(named: unknown): SerializedEvent[] {
    const own: SerializedEvent[] = [];
    for (const event of isIterable(named) ? named : []) {
      const found = this.#find(event);
      if (found !== undefined) own.push(found);
    }
    return own;
  }

  #find(event: SerializedEvent): SerializedEvent | undefined {
    this.#known ??= new Set(this.#events);
    if (this.#known.has(event)) return event;
    this.#byText ??= new Map(this.#events.map(known => [known.json, known]));
    return this.#byText.get(event?.json);
  }
}

function isIterable(named: unknown): named is Iterable<SerializedEvent> {
  return typeof (named as Partial<Iterable<unknown>> | null | undefined)?.[Symbol.iterator] === 'function';
}
