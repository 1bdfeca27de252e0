// SPDX-License-Identifier: Apache-2.0

import type { ConfigSource } from '../datafile/config-source.js';
import type { DropReason } from '../model/drop-reason.js';
import type { ExperimentEvent, ExperimentEventType } from '../model/experiment-event.js';
import type {
  EmitAs,
  InstalledProcessor,
  LastImpressions,
  TraceDetail,
} from '../model/installed-processor.js';
import type { EventLedger } from '../model/ledger.js';
import type { LogRecordPort } from '../model/log-record-port.js';
import type { Logger } from '../model/logger.js';
import type { SerializedEvent } from '../model/serialized-event.js';
import type { PrivacyFilter } from '../privacy/privacy-filter.js';
import { amendEvent } from '../serialize/amend-event.js';
import type { EventIntake } from '../serialize/event-intake.js';
import type { Afterwards } from '../util/afterwards.js';
import { OnceLog } from '../util/episode-log.js';
import { noteStamped } from '../util/event-stamps.js';
import { isSerializedEvent } from '../util/event-text.js';
import { describeUnusable } from '../util/unusable-field.js';
import type { ApiCopiesCheck } from './api-copies-check.js';

export interface EventEntranceDependencies {
  readonly traceDetail: TraceDetail;
  readonly emitAs: EmitAs;
  readonly logs: LogRecordPort;
  readonly ledger: EventLedger;
  readonly apiCopies: ApiCopiesCheck;
  readonly config: ConfigSource;
  readonly intake: EventIntake;
  /** Undefined if everything may leave unchanged. */
  readonly privacyFilter: PrivacyFilter | undefined;
  readonly logger: Logger;
  readonly lastImpressions: LastImpressions;
  /** Where resolved events go; it counts those that it refuses, and repairs what a stack that ended left half done. */
  readonly batcher: { readonly recovery: Afterwards; enqueue(event: SerializedEvent): boolean };
  readonly forceFlush: () => Promise<void>;
  readonly onTaken: () => void;
}

/**
 * An event that a `beforeSend` records is taken; one that is recorded while `beforeSend` is asked about that, is not.
 */
const DEEPEST = 2;

/** Where a processor takes events in: what the registry, and so the record helpers, know of it. */
export class EventEntrance implements InstalledProcessor {
  readonly traceDetail: TraceDetail;
  readonly emitAs: EmitAs;
  readonly logs: LogRecordPort;
  readonly lastImpressions: LastImpressions;
  readonly #deps: EventEntranceDependencies;
  readonly #said = new OnceLog();
  /** Calls that record from within each other, as a `beforeSend` that records does. */
  #depth = 0;
  #closed = false;

  constructor(dependencies: EventEntranceDependencies) {
    this.traceDetail = dependencies.traceDetail;
    this.emitAs = dependencies.emitAs;
    this.logs = dependencies.logs;
    this.lastImpressions = dependencies.lastImpressions;
    this.#deps = dependencies;
  }

  redact(event: ExperimentEvent): ExperimentEvent {
    return this.#deps.privacyFilter?.redact(event) ?? event;
  }

  offer(event: ExperimentEvent): boolean {
    let isTaken = false;
    this.#depth++;
    try {
      isTaken = this.#depth > DEEPEST ? this.#refuseNested(event) : this.#offer(event);
    } catch {
      // The stack has ended, perhaps so that not even the request succeeds.
      const { recovery } = this.#deps.batcher;
      recovery.isNeeded = true;
      recovery.request();
    } finally {
      this.#depth--;
    }
    return isTaken;
  }

  #offer(event: ExperimentEvent): boolean {
    const { ledger, privacyFilter, intake, config, batcher } = this.#deps;
    this.#deps.apiCopies.eventRecorded();
    if (batcher.recovery.isNeeded) batcher.recovery.request();
    ledger.recorded(1);
    if (this.#closed) return this.#drop('already_shutdown', event);
    const screened = privacyFilter === undefined ? event : privacyFilter.pass(event);
    if ('dropped' in screened) return this.#drop(screened.dropped, event);
    const taken = intake.take(screened, config.current());
    if (taken) this.#deps.onTaken();
    else privacyFilter?.refused(screened);
    return taken;
  }

  /**
   * Takes an event that is resolved already.
   *
   * @param shown the same event by its keys; undefined if they are unknown
   * @returns false if the event was refused, and counted
   */
  process(event: SerializedEvent, shown: ExperimentEvent | undefined): boolean {
    let isTaken = false;
    this.#depth++;
    try {
      isTaken = this.#depth > DEEPEST ? this.#refuseNested(event) : this.#process(event, shown);
    } catch {
      // The stack has ended, perhaps so that not even the request succeeds.
      const { recovery } = this.#deps.batcher;
      recovery.isNeeded = true;
      recovery.request();
    } finally {
      this.#depth--;
    }
    return isTaken;
  }

  #process(event: SerializedEvent, shown: ExperimentEvent | undefined): boolean {
    const { apiCopies, ledger, privacyFilter } = this.#deps;
    apiCopies.eventRecorded();
    ledger.recorded(1);
    if (!isSerializedEvent(event)) return this.#drop('invalid');
    noteStamped(shown, this.lastImpressions);
    if (this.#closed) return this.#drop('already_shutdown', event);
    if (privacyFilter === undefined) return this.#enqueue(event);
    // Without its keys, what may leave can't be decided.
    if (shown === undefined) return this.#drop('before_send', event);
    const screened = privacyFilter.pass(shown);
    if ('dropped' in screened) return this.#drop(screened.dropped, event);
    const amended = this.#amend(event, shown, screened);
    const taken = amended === undefined ? this.#drop('invalid', event) : this.#enqueue(amended);
    if (!taken) privacyFilter.refused(screened);
    return taken;
  }

  projectId(): string | undefined {
    return this.#deps.config.current()?.context.projectId;
  }

  forceFlush(): Promise<void> {
    return this.#deps.forceFlush();
  }

  refuse(type: ExperimentEventType, field: string): void {
    try {
      this.#refuse(type, field);
    } catch {
      // The stack has ended, perhaps so that not even the request succeeds.
      const { recovery } = this.#deps.batcher;
      recovery.isNeeded = true;
      recovery.request();
    }
  }

  #refuse(type: ExperimentEventType, field: string): void {
    const { ledger, logger } = this.#deps;
    ledger.recorded(1);
    if (this.#closed) {
      ledger.dropped('already_shutdown', [], 1);
      return;
    }
    if (this.#said.first(`${type}.${field}`)) {
      logger.warn(`${type} refused: ${describeUnusable(type, field)}`);
    }
    ledger.dropped('invalid', [], 1);
  }

  /** A `beforeSend` that records an event for each event would go on until the stack ends. */
  #refuseNested(event: Pick<SerializedEvent, 'uuid'>): false {
    this.#deps.ledger.recorded(1);
    if (this.#said.first('nested')) {
      this.#deps.logger.warn(
        'an event is refused: it was recorded while another one was, which was itself recorded so (by beforeSend, say)',
      );
    }
    return this.#drop('interrupted', event);
  }

  /** From now on events are counted and dropped. */
  close(): void {
    this.#closed = true;
  }

  #enqueue(event: SerializedEvent): boolean {
    const taken = this.#deps.batcher.enqueue(event);
    if (taken) this.#deps.onTaken();
    return taken;
  }

  /** @returns undefined if the changed event can't be sent */
  #amend(
    event: SerializedEvent,
    before: ExperimentEvent,
    after: ExperimentEvent,
  ): SerializedEvent | undefined {
    if (after === before) return event;
    try {
      return amendEvent(event, before, after, this.#deps.config.current());
    } catch {
      return undefined;
    }
  }

  #drop(reason: DropReason, event?: Pick<SerializedEvent, 'uuid'>): false {
    if (event === undefined) this.#deps.ledger.dropped(reason, [], 1);
    else this.#deps.ledger.dropped(reason, [event.uuid]);
    return false;
  }
}
