// SPDX-License-Identifier: Apache-2.0

import type { DatafileIndex } from '../model/datafile-index.js';
import type { QueueBudget } from '../model/event-queue.js';
import type { StoreTicket } from '../model/event-store.js';
import type { ExperimentEvent, ExperimentImpression } from '../model/experiment-event.js';
import { AMBIGUOUS_EVALUATION } from '../model/inferred-rule.js';
import type { EventLedger, LedgerWarning } from '../model/ledger.js';
import type { Logger } from '../model/logger.js';
import type { Runtime } from '../model/runtime.js';
import type { SerializedEvent } from '../model/serialized-event.js';
import { OnceLog } from '../util/episode-log.js';
import { attachEvent, type DetachedEvent, detachEvent } from './detach-event.js';
import type { Unresolved } from './unresolved.js';
import { UserEventFactory } from './user-event-factory.js';

interface WaitingEvent extends DetachedEvent {
  readonly acceptedAt: number;
  readonly ticket?: StoreTicket | undefined;
}

/** What the intake needs of the event store, if there is one. */
export interface UnresolvedTracker {
  trackUnresolved(event: () => ExperimentEvent, acceptedAt: number): StoreTicket | 'full' | 'none';
  /** Memory has no room: whether the event lives on disk; if not, it is counted. */
  spill(uuid: string, kept: StoreTicket | 'full' | 'none'): boolean;
  remove(items: readonly { readonly ticket?: StoreTicket | undefined }[]): void;
  /** @returns what the store has not */
  leaveInStore<T extends { readonly ticket?: StoreTicket | undefined }>(items: readonly T[]): T[];
}

export interface EventIntakeDependencies {
  readonly budget: QueueBudget;
  readonly storeTracker: UnresolvedTracker;
  readonly ledger: EventLedger;
  readonly logger: Logger;
  readonly runtime: Runtime;
  /**
   * Where resolved events go; answers whether it took the event, and counts it if not. It takes the record that is
   * superseded over.
   */
  readonly enqueue: (event: SerializedEvent, superseded?: StoreTicket) => boolean;
  /** Where events go that come back from the store. */
  readonly readmit: (event: SerializedEvent, superseded: StoreTicket) => void;
}

/** Resolves events as they are recorded. Those recorded before the first datafile are held until it comes. */
export class EventIntake {
  readonly #deps: EventIntakeDependencies;
  readonly #factory: UserEventFactory;
  readonly #said = new OnceLog();
  #held: WaitingEvent[] = [];

  constructor(dependencies: EventIntakeDependencies) {
    this.#deps = dependencies;
    this.#factory = new UserEventFactory({ onWarning: kind => this.#warn(kind) });
  }

  get waitingCount(): number {
    return this.#held.length;
  }

  /** Whether the event was taken; if not, it has been counted and logged. */
  take(event: ExperimentEvent, config: DatafileIndex | undefined): boolean {
    const acceptedAt = this.#deps.runtime.monotonic();
    if (config === undefined) return this.#hold(event, acceptedAt);
    const resolved = this.#resolve(event, config, acceptedAt);
    return resolved !== undefined && this.#deps.enqueue(resolved);
  }

  /** The first datafile has come: held events go before all that is recorded from now on. */
  resolveWaiting(config: DatafileIndex): void {
    const held = this.#held;
    this.#held = [];
    for (const item of held) {
      this.#deps.budget.release(1, item.byteLength);
      const resolved = this.#resolve(attachEvent(item), config, item.acceptedAt);
      if (resolved === undefined) this.#deps.storeTracker.remove([item]);
      else this.#deps.enqueue(resolved, item.ticket);
    }
  }

  /** An event comes back from the store that was recorded before there was a datafile. */
  takeStored(event: ExperimentEvent, config: DatafileIndex, acceptedAt: number, ticket: StoreTicket): void {
    const resolved = this.#resolve(event, config, acceptedAt);
    if (resolved === undefined) this.#deps.storeTracker.remove([{ ticket }]);
    else this.#deps.readmit(resolved, ticket);
  }

  /** No datafile will come in this life: what the store has is for the next one. */
  dropWaiting(): void {
    const held = this.#held;
    this.#held = [];
    for (const { byteLength } of held) this.#deps.budget.release(1, byteLength);
    const lost = this.#deps.storeTracker.leaveInStore(held).map(({ uuid }) => uuid);
    if (lost.length > 0) this.#deps.ledger.dropped('no_datafile', lost);
  }

  /** @returns undefined if the event can't be resolved, which has been counted and logged */
  #resolve(event: ExperimentEvent, config: DatafileIndex, acceptedAt: number): SerializedEvent | undefined {
    const complete =
      event.type === 'impression' && event.inferRule === true ? this.#inferRule(event, config) : event;
    const resolved =
      'reason' in complete ? complete : this.#factory.createUserEvent(complete, config, acceptedAt);
    if (!('reason' in resolved)) return resolved;
    this.#refuse(event, resolved);
    return undefined;
  }

  #inferRule(event: ExperimentImpression, config: DatafileIndex): ExperimentImpression | Unresolved {
    const rule = config.inferRule(event.flagKey, event.variationKey);
    if (typeof rule === 'object') return { ...event, ...rule };
    if (rule === 'ambiguous') this.#warn('ambiguous_evaluation');
    return { reason: 'no_experiment', field: 'flagKey' };
  }

  #hold(event: ExperimentEvent, acceptedAt: number): boolean {
    let detached: DetachedEvent;
    try {
      detached = detachEvent(event);
    } catch {
      this.#refuse(event, { reason: 'invalid', field: event.type === 'conversion' ? 'tags' : 'attributes' });
      return false;
    }
    const kept = this.#deps.storeTracker.trackUnresolved(() => attachEvent(detached), acceptedAt);
    if (this.#deps.budget.take(event.type, detached.byteLength)) {
      this.#held.push({ ...detached, acceptedAt, ticket: typeof kept === 'number' ? kept : undefined });
      return true;
    }
    return this.#deps.storeTracker.spill(event.uuid, kept);
  }

  #refuse(event: ExperimentEvent, { reason, field }: Unresolved): void {
    if (this.#said.first(`${event.type}.${reason}.${field}`)) {
      const level = reason === 'flag_decisions_off' || reason === 'no_experiment' ? 'info' : 'warn';
      this.#deps.logger[level](`${event.type} refused: ${explain(reason, field)}`);
    }
    this.#deps.ledger.dropped(reason, [event.uuid]);
  }

  #warn(kind: LedgerWarning): void {
    this.#deps.ledger.warned(kind);
    if (this.#said.first(kind)) this.#deps.logger.warn(WARNINGS[kind]);
  }
}

const WARNINGS: Readonly<Record<LedgerWarning, string>> = {
  unknown_variation:
    'an impression names a variationKey that the datafile does not know: it is sent with a null variation id',
  ambiguous_evaluation: AMBIGUOUS_EVALUATION,
};

function explain(reason: Unresolved['reason'], field: string): string {
  switch (reason) {
    case 'invalid':
      return `${field} cannot be serialized to JSON`;
    case 'unknown_key':
      return field === 'ruleKey'
        ? 'ruleKey is not in the datafile for this flagKey and ruleType'
        : `${field} is not in the datafile`;
    case 'flag_decisions_off':
      return 'its ruleType is rollout, and the datafile says not to send these (sendFlagDecisions)';
    case 'no_experiment':
      return 'a flag evaluation, and the datafile has no one experiment of its flag with its variation';
  }
}
