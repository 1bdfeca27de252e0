// SPDX-License-Identifier: Apache-2.0
import { type DatafileRule, readContents } from 'opentelemetry-exporter-optimizely/testing';
import { type JsonObject, objectsOf, textOf } from '../util/json.js';

/** What a datafile says about an experiment, a delivery rule or a holdout. */
export interface NamedRule {
  readonly key: string;
  readonly kind: 'experiment' | 'delivery rule' | 'holdout';
  /** Flags that use it. */
  readonly flagKeys: readonly string[];
  /** Variation keys by id. */
  readonly variations: ReadonlyMap<string, string>;
  /** Share of the traffic by variation id; one without is absent. */
  readonly weights: ReadonlyMap<string, number>;
  /** An algorithm moves traffic between variations, so that no ratio is to be expected. */
  readonly adaptive: boolean;
}

/** Keys for ids, and what experiments are made of. Lists that are absent, or not lists, count as empty. */
export class ProjectNames {
  readonly revision: string;
  readonly accountId: string;
  readonly projectId: string;
  /** `''` where the datafile does not say. */
  readonly environmentKey: string;
  readonly region: 'US' | 'EU';
  /** Whether decisions of delivery rules are sent. */
  readonly sendFlagDecisions: boolean;
  /** Whether Optimizely leaves bots out. */
  readonly botFiltering: boolean;
  readonly #rules = new Map<string, NamedRule>();
  readonly #events = new Map<string, { key: string; experimentIds: ReadonlySet<string> }>();
  readonly #attributeKeys = new Map<string, string>();
  readonly #attributeIds = new Map<string, string>();

  constructor(datafile: JsonObject) {
    const { experiments, deliveryRules, holdouts, flags, events, attributes } = readContents(datafile);
    this.revision = textOf(datafile.revision);
    this.accountId = textOf(datafile.accountId);
    this.projectId = textOf(datafile.projectId);
    this.environmentKey = textOf(datafile.environmentKey);
    this.sendFlagDecisions = datafile.sendFlagDecisions === true;
    this.botFiltering = datafile.botFiltering === true;
    this.region = textOf(datafile.region).toUpperCase() === 'EU' ? 'EU' : 'US';
    const flagKeys = new Map<string, string[]>();
    for (const flag of flags) {
      for (const { id } of [...flag.experiments, ...flag.deliveryRules])
        flagKeys.set(id, [...(flagKeys.get(id) ?? []), flag.key]);
    }
    for (const rule of [...experiments, ...deliveryRules, ...holdouts]) {
      this.#rules.set(rule.id, toNamed(rule, flagKeys.get(rule.id) ?? []));
    }
    for (const event of events) {
      this.#events.set(textOf(event.id), {
        key: textOf(event.key),
        experimentIds: new Set(textsOf(event.experimentIds)),
      });
    }
    for (const { id, key } of attributes) {
      this.#attributeKeys.set(textOf(id), textOf(key));
      this.#attributeIds.set(textOf(key), textOf(id));
    }
  }

  rule(id: string): NamedRule | undefined {
    return this.#rules.get(id);
  }

  eventKey(id: string): string | undefined {
    return this.#events.get(id)?.key;
  }

  /** Whether a conversion of this event is counted in the experiment. Of what the datafile does not know: yes. */
  measures(experimentId: string, eventId: string): boolean {
    const event = this.#events.get(eventId);
    if (event === undefined || event.experimentIds.size === 0) return true;
    return event.experimentIds.has(experimentId) || !this.#rules.has(experimentId);
  }

  attributeKey(id: string): string | undefined {
    return this.#attributeKeys.get(id);
  }

  attributeId(key: string): string | undefined {
    return this.#attributeIds.get(key);
  }
}

function toNamed({ key, kind, variations, source }: DatafileRule, flagKeys: readonly string[]): NamedRule {
  return {
    key,
    kind,
    flagKeys,
    variations: new Map(variations.map(({ id, key }) => [textOf(id), textOf(key)])),
    weights: weightsOf(source.trafficAllocation),
    adaptive: typeof source.cmab === 'object' && source.cmab !== null,
  };
}

/** Ranges end where the next one begins, in ten thousandths; one without a variation is traffic left out. */
function weightsOf(trafficAllocation: unknown): Map<string, number> {
  const weights = new Map<string, number>();
  let start = 0;
  for (const { entityId, endOfRange } of objectsOf(trafficAllocation)) {
    const end = typeof endOfRange === 'number' ? endOfRange : start;
    const id = textOf(entityId);
    if (id !== '' && end > start) weights.set(id, (weights.get(id) ?? 0) + end - start);
    start = Math.max(start, end);
  }
  return weights;
}

function textsOf(list: unknown): string[] {
  return Array.isArray(list) ? list.filter(item => typeof item === 'string') : [];
}
