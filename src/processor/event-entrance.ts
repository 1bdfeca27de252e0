// SPDX-License-Identifier: Apache-2.0

import { isUnreadable, type UnreadableEvent } from '../capture/read-event.js';
import type { EventSettlement } from '../model/event-settlement.js';
import type { ExperimentEvent, ExperimentEventType } from '../model/experiment-event.js';
import type { EmitAs, InstalledProcessor, TraceDetail } from '../model/installed-processor.js';
import type { LogRecordPort } from '../model/log-record-port.js';
import type { SerializedEvent } from '../model/serialized-event.js';
import { amendEvent } from '../serialize/amend-event.js';
import { noteStamped } from '../util/event-stamps.js';
import { fromOutside, ownSerialized, withSettlement } from '../util/event-text.js';
import { Seam } from '../util/guard.js';
import { isSerializedEvent } from '../util/is-serialized-event.js';
import { ownEvent } from '../util/own-event.js';
import { SettleOnce, settleOnce } from '../util/settle-once.js';
import { endStartup } from '../util/unheard-lines.js';
import type { EventEntranceDependencies } from './event-entrance-dependencies.js';
import type { Foundation } from './foundation.js';
import { InterruptedCalls, type Unsettled } from './interrupted-calls.js';
import { Refusals } from './refusals.js';

/**
 * An event that a `beforeSend` records is taken; one that is recorded while `beforeSend` is asked about that, is not.
 */
const DEEPEST = 2;

/** Where a processor takes events in: what the registry, and so the record helpers, know of it. */
export class EventEntrance implements InstalledProcessor {
  readonly traceDetail: TraceDetail;
  readonly emitAs: EmitAs;
  readonly logs: LogRecordPort;
  readonly lastImpressions: Foundation['lastImpressions'];
  readonly count: InterruptedCalls;
  readonly #deps: EventEntranceDependencies;
  readonly #refusals: Refusals;
  readonly #settlements: Seam;
  /** Calls that record from within each other, as a `beforeSend` that records does. */
  #depth = 0;
  #closed = false;

  constructor(dependencies: EventEntranceDependencies) {
    this.traceDetail = dependencies.traceDetail;
    this.emitAs = dependencies.emitAs;
    this.logs = dependencies.logs;
    this.lastImpressions = dependencies.lastImpressions;
    this.#deps = dependencies;
    this.#refusals = new Refusals(dependencies.ledger, dependencies.logger);
    this.#settlements = new Seam('settlement', dependencies.logger);
    this.count = new InterruptedCalls(dependencies.ledger, dependencies.batcher.recovery, this.#settlements);
  }

  /** Whether a call is under way: it has counted an event of which nothing else says yet where it is. */
  get isTaking(): boolean {
    return this.#depth > 0;
  }

  redact(event: ExperimentEvent): ExperimentEvent {
    return this.#deps.privacyFilter?.redact(event) ?? event;
  }

  offer(event: ExperimentEvent): boolean {
    let isTaken = false;
    this.#depth++;
    try {
      isTaken = this.#offer(event);
    } catch (error) {
      // The stack has ended: nothing is called that is not tried.
      this.count.recovery.isNeeded = true;
      try {
        this.count.makeUp(error);
      } catch {
        // The next call does.
      }
    } finally {
      this.#depth--;
    }
    return isTaken;
  }

  #offer(event: ExperimentEvent): boolean {
    this.#deps.apiCopies.eventRecorded();
    return this.#take(event, undefined);
  }

  #take(event: ExperimentEvent, settlement: EventSettlement | undefined): boolean {
    const { ledger, privacyFilter, intake, config } = this.#deps;
    endStartup();
    if (this.count.recovery.isNeeded) this.count.recovery.request();
    ledger.recorded(1);
    if (this.#depth > DEEPEST) return this.#refusals.refuseNested(event, settlement);
    if (this.#closed) return this.#refusals.drop('already_shutdown', event, settlement);
    const filtered = privacyFilter === undefined ? event : privacyFilter.pass(event);
    if (filtered.type === 'withheld') return this.#refusals.drop(filtered.dropped, event, settlement);
    const taken = intake.take(filtered, config.current(), settlement);
    if (taken) this.#taken(event, filtered);
    else privacyFilter?.refused(filtered);
    return taken;
  }

  /**
   * Takes an event that another process recorded.
   *
   * @returns false if the event was refused, and counted
   */
  receive(event: ExperimentEvent | UnreadableEvent, settlement: EventSettlement | undefined): boolean {
    const { ledger, unsettled } = this.count;
    const { recordedCount } = ledger;
    let once: SettleOnce | undefined;
    let isTaken = false;
    this.#depth++;
    try {
      once = settlement && new SettleOnce(settlement, this.#settlements);
      if (isUnreadable(event)) this.#refuse(event.type, event.unusable, once);
      else isTaken = this.#take(ownEvent(event), once);
    } catch (error) {
      if (ledger.recordedCount === recordedCount) ledger.recordedCount++;
      const left: Unsettled = {};
      left.settlement = once ?? settlement;
      left.before = unsettled.latest;
      unsettled.latest = left;
      this.count.recovery.isNeeded = true;
      try {
        this.count.makeUp(error);
      } catch {
        // The next call does.
      }
    } finally {
      this.#depth--;
    }
    return isTaken;
  }

  /**
   * Takes an event that is resolved already.
   *
   * @param shown the same event by its keys; undefined if they are unknown
   * @param settlement in place of the event's own
   * @returns false if the event was refused, and counted
   */
  process(given: SerializedEvent, shown: ExperimentEvent | undefined, settlement?: EventSettlement): boolean {
    const { ledger, unsettled } = this.count;
    const { recordedCount } = ledger;
    let isTaken = false;
    let once: SettleOnce | undefined;
    this.#depth++;
    try {
      // Before it is looked at: a getter of the application's may throw.
      this.#deps.ledger.recorded(1);
      const event = ownSerialized(given);
      once = settleOnce(event, this.#settlements, settlement);
      const awaited = once === undefined ? event : withSettlement(event, once);
      isTaken =
        this.#depth > DEEPEST
          ? this.#refusals.refuseNested(awaited, once)
          : this.#process(awaited, shown, once);
    } catch (error) {
      if (ledger.recordedCount === recordedCount) ledger.recordedCount++;
      const left: Unsettled = {};
      left.settlement = once ?? settlement;
      left.before = unsettled.latest;
      unsettled.latest = left;
      this.count.recovery.isNeeded = true;
      try {
        this.count.makeUp(error);
      } catch {
        // The next call does.
      }
    } finally {
      this.#depth--;
    }
    return isTaken;
  }

  #process(
    event: SerializedEvent,
    shown: ExperimentEvent | undefined,
    settlement: EventSettlement | undefined,
  ): boolean {
    const { apiCopies, privacyFilter } = this.#deps;
    apiCopies.eventRecorded();
    endStartup();
    if (!isSerializedEvent(event)) return this.#refusals.drop('invalid', undefined, settlement);
    noteStamped(shown, this.lastImpressions);
    if (this.#closed) return this.#refusals.drop('already_shutdown', event, settlement);
    if (privacyFilter === undefined) return this.#enqueue(event, shown);
    // Without its keys, what may leave can't be decided.
    if (shown === undefined) return this.#refusals.drop('before_send', event, settlement);
    const filtered = privacyFilter.pass(shown);
    if (filtered.type === 'withheld') return this.#refusals.drop(filtered.dropped, event, settlement);
    const amended = amendEvent(event, shown, filtered, this.#deps.config.current());
    const taken =
      amended === undefined
        ? this.#refusals.drop('invalid', event, settlement)
        : this.#enqueue(amended, shown, filtered);
    if (!taken) privacyFilter.refused(filtered);
    return taken;
  }

  projectId(): string | undefined {
    const { config } = this.#deps;
    return (config.inForce ?? config.current())?.context.projectId;
  }

  forceFlush(): Promise<void> {
    return this.#deps.forceFlush();
  }

  doubt(kind: string, message: string): void {
    this.#deps.doubts.tell(kind, message);
  }

  refuse(type: ExperimentEventType, field: string): void {
    try {
      this.#refuse(type, field);
    } catch (error) {
      this.count.recovery.isNeeded = true;
      try {
        this.count.makeUp(error);
      } catch {
        // The next call does.
      }
    }
  }

  #refuse(type: ExperimentEventType, field: string, settlement?: EventSettlement): void {
    this.#deps.ledger.recorded(1);
    if (this.#closed) this.#refusals.drop('already_shutdown', undefined, settlement);
    else this.#refusals.refuseInput(type, field, settlement);
  }

  /** From now on events are counted and dropped. */
  close(): void {
    this.#closed = true;
  }

  #enqueue(event: SerializedEvent, shown: ExperimentEvent | undefined, sent = shown): boolean {
    const { batcher, runtime } = this.#deps;
    const taken = batcher.enqueue(fromOutside(event, runtime));
    if (taken) this.#taken(shown, sent);
    return taken;
  }

  /** @param sent what the privacy filter made of the event; both are undefined if its keys are unknown */
  #taken(event: ExperimentEvent | undefined, sent: ExperimentEvent | undefined): void {
    this.#deps.onTaken();
    if (event !== undefined && sent !== undefined) this.#deps.doubts.look(event, sent);
  }
}
