// SPDX-License-Identifier: Apache-2.0
import type { PreparedEvent } from '../model/prepared-event.js';
import type { LaterReason, RefusalReason } from '../model/receipt.js';
import type { Project } from '../projects/project.js';

export interface PlannedRefusal {
  readonly project: string;
  readonly reason: RefusalReason;
  readonly message: string;
  readonly count: number;
}

/** What is to be done with the events of one request. */
export class RequestPlan {
  readonly taken = new Map<Project, PreparedEvent[]>();
  readonly #refused = new Map<string, PlannedRefusal & { count: number }>();
  /** Counts by name of the project. */
  readonly shown = new Map<string, number>();
  #later: { readonly reason: LaterReason; readonly detail: string } | undefined;

  /** Why the request as a whole is to be sent again; undefined if it can be taken. */
  get later(): { readonly reason: LaterReason; readonly detail: string } | undefined {
    return this.#later;
  }

  /** One of each kind: a request may hold any number of the same. */
  get refused(): readonly PlannedRefusal[] {
    return [...this.#refused.values()];
  }

  take(project: Project, event: PreparedEvent): void {
    const events = this.taken.get(project);
    if (events === undefined) this.taken.set(project, [event]);
    else events.push(event);
  }

  refuse(project: string, reason: RefusalReason, message: string, count = 1): void {
    const kind = `${project} ${reason} ${message}`;
    const known = this.#refused.get(kind);
    if (known === undefined) this.#refused.set(kind, { project, reason, message, count });
    else known.count += count;
  }

  addShown(project: string): void {
    this.shown.set(project, (this.shown.get(project) ?? 0) + 1);
  }

  /** @param detail a sentence that names the key or project */
  postpone(reason: LaterReason, detail: string): void {
    this.#later ??= { reason, detail };
  }
}
