// SPDX-License-Identifier: Apache-2.0
import type { QueueBudget } from '../model/event-queue.js';
import type { ExperimentEvent } from '../model/experiment-event.js';
import type { EventLedger } from '../model/ledger.js';
import { type Logger, OnceLog } from '../model/logger.js';
import type { ProjectConfig } from '../model/project-config.js';
import type { Runtime } from '../model/runtime.js';
import type { UserEvent } from '../model/user-event.js';
import { type DetachedEvent, detachEvent } from './detach-event.js';
import type { Unresolved } from './unresolved.js';
import { UserEventFactory } from './user-event-factory.js';

interface HeldEvent extends DetachedEvent {
  readonly acceptedAt: number;
}

export interface EventIntakeDependencies {
  readonly budget: QueueBudget;
  readonly ledger: EventLedger;
  readonly logger: Logger;
  readonly runtime: Runtime;
  /** Where resolved events go; answers whether it took the event, and counts it if not. */
  readonly enqueue: (event: UserEvent) => boolean;
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
    return config === undefined ? this.#hold(event, acceptedAt) : this.#resolve(event, config, acceptedAt);
  }

  /** The first datafile has come: held events go before all that is recorded from now on. */
  resolveHeld(config: ProjectConfig): void {
    const held = this.#held;
    this.#held = [];
    for (const { event, byteLength, acceptedAt } of held) {
      this.#deps.budget.release(1, byteLength);
      this.#resolve(event, config, acceptedAt);
    }
  }

  /** No datafile will come any more. */
  dropHeld(): void {
    const held = this.#held;
    this.#held = [];
    if (held.length === 0) return;
    for (const { byteLength } of held) this.#deps.budget.release(1, byteLength);
    this.#deps.ledger.dropped(
      'no_datafile',
      held.map(({ event }) => event.uuid),
    );
  }

  #resolve(event: ExperimentEvent, config: ProjectConfig, acceptedAt: number): boolean {
    const resolved = this.#factory.createUserEvent(event, config, acceptedAt);
    if (!('reason' in resolved)) return this.#deps.enqueue(resolved);
    this.#refuse(event, resolved);
    return false;
  }

  #hold(event: ExperimentEvent, acceptedAt: number): boolean {
    let detached: DetachedEvent;
    try {
      detached = detachEvent(event);
    } catch {
      this.#refuse(event, { reason: 'invalid', field: event.type === 'conversion' ? 'tags' : 'attributes' });
      return false;
    }
    if (!this.#deps.budget.take(event.type, detached.byteLength)) {
      this.#deps.ledger.dropped('queue_full', [event.uuid]);
      return false;
    }
    this.#held.push({ ...detached, acceptedAt });
    return true;
  }

  #refuse(event: ExperimentEvent, { reason, field }: Unresolved): void {
    if (this.#said.first(`${event.type}.${reason}.${field}`)) {
      const level = reason === 'flag_decisions_off' ? 'info' : 'warn';
      this.#deps.logger[level](`${event.type} refused: ${explain(reason, field)}`);
    }
    this.#deps.ledger.dropped(reason, [event.uuid]);
  }

  #warn(kind: Parameters<EventLedger['warned']>[0]): void {
    this.#deps.ledger.warned(kind);
    if (this.#said.first(kind)) {
      this.#deps.logger.warn(
        'an impression names a variationKey that the datafile does not know: it is sent with a null variation id',
      );
    }
  }
}

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
  }
}
