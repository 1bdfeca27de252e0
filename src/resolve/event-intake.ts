// SPDX-License-Identifier: Apache-2.0
import type { QueueBudget } from '../model/event-queue.js';
import type { StoreTicket } from '../model/event-store.js';
import type { ExperimentEvent, ImpressionEvent } from '../model/experiment-event.js';
import { AMBIGUOUS_EVALUATION } from '../model/inferred-rule.js';
import type { EventLedger, LedgerWarning } from '../model/ledger.js';
import { type Logger, OnceLog } from '../model/logger.js';
import type { ProjectConfig } from '../model/project-config.js';
import type { Runtime } from '../model/runtime.js';
import type { UserEvent } from '../model/user-event.js';
import { attachEvent, type DetachedEvent, detachEvent } from './detach-event.js';
import type { Unresolved } from './unresolved.js';
import { UserEventFactory } from './user-event-factory.js';

interface HeldEvent extends DetachedEvent {
  readonly acceptedAt: number;
  readonly ticket?: StoreTicket | undefined;
}

/** What the intake needs of the event store, if there is one. */
export interface UnresolvedKeeper {
  keepUnresolved(event: () => ExperimentEvent, acceptedAt: number): StoreTicket | 'full' | 'none';
  /** Memory has no room: whether the event lives on disk; if not, it is counted. */
  spill(uuid: string, kept: StoreTicket | 'full' | 'none'): boolean;
  remove(items: readonly { readonly ticket?: StoreTicket | undefined }[]): void;
  /** @returns what the store has not */
  setAside<T extends { readonly ticket?: StoreTicket | undefined }>(items: readonly T[]): T[];
}

export interface EventIntakeDependencies {
  readonly budget: QueueBudget;
  readonly keeper: UnresolvedKeeper;
  readonly ledger: EventLedger;
  readonly logger: Logger;
  readonly runtime: Runtime;
  /**
   * Where resolved events go; answers whether it took the event, and counts it if not. It takes the record that is
   * superseded over.
   */
  readonly enqueue: (event: UserEvent, superseded?: StoreTicket) => boolean;
  /** Where events go that come back from the store. */
  readonly readmit: (event: UserEvent, superseded: StoreTicket) => void;
}

/** Resolves events as they are recorded. Those recorded before the first datafile are held until it comes. */
export class EventIntake {
  readonly #deps: EventIntakeDependencies;
  readonly #factory: UserEventFactory;
  readonly #said = new OnceLog();
  #held: HeldEvent[] = [];

  constructor(dependencies: EventIntakeDependencies) {
    this.#deps = dependencies;
    this.#factory = new UserEventFactory({ onWarning: kind => this.#warn(kind) });
  }

  get heldCount(): number {
    return this.#held.length;
  }

  /** Whether the event was taken; if not, it has been counted and logged. */
  take(event: ExperimentEvent, config: ProjectConfig | undefined): boolean {
    const acceptedAt = this.#deps.runtime.monotonic();
    if (config === undefined) return this.#hold(event, acceptedAt);
    const resolved = this.#resolve(event, config, acceptedAt);
    return resolved !== undefined && this.#deps.enqueue(resolved);
  }

  /** The first datafile has come: held events go before all that is recorded from now on. */
  resolveHeld(config: ProjectConfig): void {
    const held = this.#held;
    this.#held = [];
    for (const item of held) {
      this.#deps.budget.release(1, item.byteLength);
      const resolved = this.#resolve(attachEvent(item), config, item.acceptedAt);
      if (resolved === undefined) this.#deps.keeper.remove([item]);
      else this.#deps.enqueue(resolved, item.ticket);
    }
  }

  /** An event comes back from the store that was recorded before there was a datafile. */
  takeStored(event: ExperimentEvent, config: ProjectConfig, acceptedAt: number, ticket: StoreTicket): void {
    const resolved = this.#resolve(event, config, acceptedAt);
    if (resolved === undefined) this.#deps.keeper.remove([{ ticket }]);
    else this.#deps.readmit(resolved, ticket);
  }

  /** No datafile will come in this life: what the store has is for the next one. */
  dropHeld(): void {
    const held = this.#held;
    this.#held = [];
    for (const { byteLength } of held) this.#deps.budget.release(1, byteLength);
    const lost = this.#deps.keeper.setAside(held).map(({ uuid }) => uuid);
    if (lost.length > 0) this.#deps.ledger.dropped('no_datafile', lost);
  }

  /** undefined: it can't be resolved, which was counted and logged. */
  #resolve(event: ExperimentEvent, config: ProjectConfig, acceptedAt: number): UserEvent | undefined {
    const complete =
      event.type === 'impression' && event.inferRule === true ? this.#inferRule(event, config) : event;
    const resolved =
      'reason' in complete ? complete : this.#factory.createUserEvent(complete, config, acceptedAt);
    if (!('reason' in resolved)) return resolved;
    this.#refuse(event, resolved);
    return undefined;
  }

  #inferRule(event: ImpressionEvent, config: ProjectConfig): ImpressionEvent | Unresolved {
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
    const kept = this.#deps.keeper.keepUnresolved(() => attachEvent(detached), acceptedAt);
    if (this.#deps.budget.take(event.type, detached.byteLength)) {
      this.#held.push({ ...detached, acceptedAt, ticket: typeof kept === 'number' ? kept : undefined });
      return true;
    }
    return this.#deps.keeper.spill(event.uuid, kept);
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
      return `${field} cannot be serialised to JSON`;
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
