// SPDX-License-Identifier: Apache-2.0

import { withDeadline } from '../model/deadline.js';
import { type EventContext, sameContext } from '../model/event-context.js';
import type { EventExporter, FlushCause } from '../model/event-exporter.js';
import type { EventQueue, QueueBudget } from '../model/event-queue.js';
import type { StoredEvent, StoreTicket } from '../model/event-store.js';
import type { ExperimentEvent } from '../model/experiment-event.js';
import type { EventLedger } from '../model/ledger.js';
import { errorLabel, type Logger } from '../model/logger.js';
import type { NotificationSender } from '../model/notification.js';
import type { Runtime } from '../model/runtime.js';
import { type UserEvent, withTicket } from '../model/user-event.js';
import { AgeTimer } from './age-timer.js';
import { BatchBuilder, type BatchLimits } from './batch-builder.js';
import type { EventKeeper, NotKept } from './event-keeper.js';
import { ExportFlights } from './export-flights.js';
import { GuardedQueue } from './guarded-queue.js';
import { StoreReplay } from './store-replay.js';

export interface EventBatcherDependencies {
  readonly limits: BatchLimits & {
    readonly flushIntervalMillis: number;
    readonly timeoutIntervalMillis: number;
    readonly maxQueueSize: number;
    readonly maxQueueBytes: number;
  };
  readonly queue: EventQueue;
  readonly exporter: EventExporter;
  readonly budget: QueueBudget;
  readonly keeper: EventKeeper;
  /** Takes back an event that was stored before there was a datafile. */
  readonly resolveStored: (event: ExperimentEvent, acceptedAt: number, ticket: StoreTicket) => void;
  /** Whether a datafile is in force: without one, stored events wait. */
  readonly canResolve: () => boolean;
  readonly ledger: EventLedger;
  readonly notifications: NotificationSender;
  readonly logger: Logger;
  readonly runtime: Runtime;
}

/** Events in, batches out: the queue, the age of the oldest event, flushing and stopping. */
export class EventBatcher {
  readonly #deps: EventBatcherDependencies;
  readonly #queue: GuardedQueue;
  readonly #builder: BatchBuilder;
  readonly #flights: ExportFlights;
  readonly #replayed: BatchBuilder;
  readonly #replay: StoreReplay;
  readonly #age: AgeTimer;
  #started = false;
  #stopping: Promise<void> | undefined;

  constructor(dependencies: EventBatcherDependencies) {
    const { limits, runtime, queue, budget, keeper, ledger } = dependencies;
    this.#deps = dependencies;
    this.#queue = new GuardedQueue(queue, budget, ledger, dependencies.logger);
    this.#flights = new ExportFlights({ ...dependencies, onLanded: () => this.#replay.nudge() });
    this.#builder = new BatchBuilder(limits, batch => this.#flights.launch(batch));
    // A builder of its own: events of an earlier life have other contexts, and would break live batches up.
    this.#replayed = new BatchBuilder(limits, batch => this.#flights.launch(batch));
    this.#replay = new StoreReplay({
      keeper,
      runtime,
      maxHelpingBytes: limits.maxQueueBytes / 4,
      ready: () => this.#canReplay(),
      take: (event, ticket, acceptedAt) => this.#takeStored(event, ticket, acceptedAt),
      close: () => this.#replayed.close('replay'),
    });
    this.#age = new AgeTimer(runtime, limits.flushIntervalMillis, () => this.#close('age'));
  }

  /**
   * Queues the event; false: refused, and counted.
   *
   * @param superseded its record in the event store from before there was a datafile
   */
  enqueue(event: UserEvent, superseded?: StoreTicket): boolean {
    const { budget, keeper, ledger } = this.#deps;
    if (this.#stopping !== undefined) {
      if (keeper.setAside([{ ticket: superseded }]).length === 0) return true;
      ledger.dropped('already_shutdown', [event.uuid]);
      return false;
    }
    if (!this.#fits(event, superseded)) return false;
    const ticket = keeper.keep(event, superseded);
    if (!budget.take(event.type, event.byteLength)) return keeper.spill(event.uuid, ticket);
    if (!this.#queue.enqueue(asKept(event, ticket))) {
      budget.release(1, event.byteLength);
      return keeper.spill(event.uuid, ticket);
    }
    if (this.#started) this.#consume();
    return true;
  }

  /** Takes back an event that was on disk only and that has been resolved now. A helping is small: bounds don't count. */
  readmit(event: UserEvent, superseded: StoreTicket): void {
    if (!this.#fits(event, superseded)) return;
    this.#deps.budget.takeAnyway(1, event.byteLength);
    this.#replayed.add(asKept(event, this.#deps.keeper.keep(event, superseded)));
  }

  #fits(event: UserEvent, superseded: StoreTicket | undefined): boolean {
    if (this.#builder.fits(event)) return true;
    this.#deps.keeper.remove([{ ticket: superseded }]);
    this.#deps.ledger.dropped('too_large', [event.uuid]);
    return false;
  }

  /** Begins to build batches. Events queued before keep their age. */
  start(): void {
    if (this.#stopping !== undefined) return;
    if (this.#started) {
      this.#deps.logger.warn('start() was called twice; the second call does nothing');
      return;
    }
    this.#started = true;
    this.#consume();
    this.#replay.nudge();
  }

  /** A datafile of this context is in force: what was batched under another one goes out now. */
  contextChanged(context: EventContext): void {
    const batched = this.#builder.context;
    if (batched !== undefined && !sameContext(batched, context)) this.#close('revision');
  }

  /** Events may be replayed that could not before. */
  nudge(): void {
    this.#replay.nudge();
  }

  /** Sends what is queued, and does not wait for it. */
  sendQueued(): void {
    if (this.#stopping !== undefined) return;
    this.#consume();
    this.#close('flush');
  }

  /** Sends all that is queued and waits for it and what is in flight. Never rejects. */
  async forceFlush(withinMillis = this.#deps.limits.timeoutIntervalMillis): Promise<void> {
    if (this.#stopping !== undefined) return this.#stopping;
    this.#consume();
    this.#close('flush');
    const inTime = await withDeadline(this.#deps.runtime, withinMillis, async signal => {
      await this.#settled(signal);
      // Being stored does not count as flushed.
      while (!signal.aborted && this.#deps.keeper.storedCount > 0 && this.#canReplay()) {
        if ((await this.#replay.help()) === 0) break;
        await this.#settled(signal);
      }
    });
    if (!inTime) {
      this.#deps.logger.warn(
        `forceFlush() ended after ${this.#deps.limits.timeoutIntervalMillis} ms; events undelivered, which stay pending: ${this.#flights.eventCount}`,
      );
    }
  }

  /** Refuses new events, sends what is queued, waits for it, and counts what is left. Never rejects. */
  stop(withinMillis = this.#deps.limits.timeoutIntervalMillis): Promise<void> {
    this.#stopping ??= this.#stop(withinMillis);
    return this.#stopping;
  }

  async #stop(withinMillis: number): Promise<void> {
    const { runtime, limits, exporter, keeper, logger } = this.#deps;
    const startedAt = runtime.monotonic();
    // Also lets `#stopping` be set before anything is called back. A disk may hang as a network does.
    await withDeadline(runtime, withinMillis, () => this.#replay.stop());
    this.#consume();
    this.#close('shutdown');
    const inTime = await withDeadline(runtime, withinMillis - (runtime.monotonic() - startedAt), signal =>
      this.#settled(signal),
    );
    const left = this.#flights.eventCount;
    const storedBefore = keeper.storedCount;
    const remaining = Math.max(0, withinMillis - (runtime.monotonic() - startedAt));
    await withDeadline(runtime, remaining, () => this.#ask('shutdown', () => exporter.shutdown?.()));
    // What the exporter itself did not give up.
    this.#flights.abandon();
    if (!inTime && left > 0) {
      const stored = keeper.storedCount - storedBefore;
      logger.error(
        `shutdown ended after ${limits.timeoutIntervalMillis} ms; events undelivered: ${left}, ` +
          `of these lost: ${left - stored}, in the event store: ${stored}`,
      );
    }
  }

  #canReplay(): boolean {
    const { budget, canResolve, limits } = this.#deps;
    return (
      this.#started && this.#stopping === undefined && budget.count * 2 < limits.maxQueueSize && canResolve()
    );
  }

  #takeStored(stored: StoredEvent, ticket: StoreTicket, acceptedAt: number): void {
    if (this.#stopping !== undefined) {
      this.#deps.keeper.setAside([{ ticket }]);
      return;
    }
    if (stored.kind === 'unresolved') {
      this.#deps.resolveStored(stored.event, acceptedAt, ticket);
      return;
    }
    const { type, uuid, context, json } = stored;
    const byteLength = Buffer.byteLength(json);
    this.#deps.budget.takeAnyway(1, byteLength);
    this.#replayed.add({ type, uuid, context, json, byteLength, acceptedAt, ticket });
  }

  /** Moves queued events into batches. */
  #consume(): void {
    let event = this.#queue.dequeue();
    while (event !== undefined) {
      this.#builder.add(event);
      event = this.#queue.dequeue();
    }
    this.#age.follow(this.#builder.oldestAcceptedAt);
  }

  #close(cause: FlushCause): void {
    this.#builder.close(cause);
    this.#age.stop();
  }

  async #settled(signal: AbortSignal): Promise<void> {
    const flights = this.#flights.settled();
    await this.#ask('forceFlush', () => this.#deps.exporter.forceFlush?.({ signal }));
    await flights;
  }

  /** An exporter of the application's own may throw or reject. */
  async #ask(method: string, call: () => Promise<void> | undefined): Promise<void> {
    try {
      await call();
    } catch (error) {
      this.#deps.logger.error(`exporter.${method} failed: ${errorLabel(error)}`);
    }
  }
}

function asKept(event: UserEvent, ticket: StoreTicket | NotKept): UserEvent {
  return typeof ticket === 'number' ? withTicket(event, ticket) : event;
}
