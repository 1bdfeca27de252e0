// SPDX-License-Identifier: Apache-2.0

const EXPERIMENT_EVENTS = ['optimizely.impression', 'optimizely.conversion'] as const;
const EVALUATION_EVENT = 'feature_flag.evaluation';

/** Where SDKs before log records had a field for it put the name of an event. */
export const EVENT_NAME_ATTRIBUTE = 'event.name';

/** A set of names that also tells by a length that none of them is meant. */
export class NameFilter {
  readonly #names: ReadonlySet<string>;
  readonly #lengths: ReadonlySet<number>;

  constructor(names: readonly string[]) {
    this.#names = new Set(names);
    this.#lengths = new Set(names.map(name => name.length));
  }

  has(name: string): boolean {
    return this.#names.has(name);
  }

  hasLength(byteLength: number): boolean {
    return this.#lengths.has(byteLength);
  }
}

/** @param evaluations whether `feature_flag.evaluation` is read too */
export function eventNames(evaluations: boolean): NameFilter {
  return new NameFilter(evaluations ? [...EXPERIMENT_EVENTS, EVALUATION_EVENT] : EXPERIMENT_EVENTS);
}

/** The resource attributes that are read: which project the events are for, and who sent those without a trace. */
export const RESOURCE_ATTRIBUTES = new NameFilter(['optimizely.project', 'service.instance.id']);
