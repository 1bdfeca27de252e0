// SPDX-License-Identifier: Apache-2.0
import { type DatafileRule, readContents } from 'opentelemetry-exporter-optimizely/testing';
import { type JsonObject, objectsOf, textOf } from '../util/json.js';
import { type Audience, audienceReader } from './audience.js';

/** What a datafile says about an experiment, a delivery rule or a holdout. */
export interface NamedRule {
  readonly id: string;
  readonly key: string;
  readonly kind: 'experiment' | 'delivery rule' | 'holdout';
  /** `''` where the datafile does not say. */
  readonly status: string;
  /** Flags that use it. */
  readonly flagKeys: readonly string[];
  /** Variation keys by id. */
  readonly variations: ReadonlyMap<string, string>;
  /** Share of the traffic by variation id; one without is absent. */
  readonly weights: ReadonlyMap<string, number>;
  /** Visitors whose variation the datafile names, whatever their traffic. */
  readonly forcedVisitors: ReadonlySet<string>;
  /** Undefined if it is for everyone. */
  readonly audience: Audience | undefined;
  /** An algorithm moves traffic between variations, so that no ratio is to be expected. */
  readonly adaptive: boolean;
}

export interface NamedEvent {
  readonly id: string;
  readonly key: string;
  /** Experiments that measure it; undefined if the datafile does not say. */
  readonly experimentIds: ReadonlySet<string> | undefined;
}

/** Keys for ids, and what experiments are made of. Lists that are absent, or not lists, count as empty. */
export class ProjectNames {
  readonly revision: string;
  readonly accountId: string;
  readonly projectId: string;
  /** `''` where the datafile does not say. */
  readonly environmentKey: string;
  readonly region: 'US' | 'EU';
  /** Whether decisions that no experiment made are sent; undefined if the datafile does not say, so that they are not. */
  readonly sendFlagDecisions: boolean | undefined;
  /** Whether Optimizely leaves bots out. */
  readonly botFiltering: boolean;
  /** Keys of the attributes that any audience of a rule asks for. */
  readonly audienceAttributes: ReadonlySet<string>;
  /** Whether each event says which experiments measure it. */
  readonly saysWhatIsMeasured: boolean = true;
  readonly #rules = new Map<string, NamedRule>();
  readonly #events = new Map<string, NamedEvent>();
  readonly #eventsOf = new Map<string, NamedEvent[]>();
  readonly #attributeKeys = new Map<string, string>();
  readonly #attributeIds = new Map<string, string>();

  constructor(datafile: JsonObject) {
    const { experiments, deliveryRules, holdouts, flags, events, attributes } = readContents(datafile);
    this.revision = textOf(datafile.revision);
    this.accountId = textOf(datafile.accountId);
    this.projectId = textOf(datafile.projectId);
    this.environmentKey = textOf(datafile.environmentKey);
    this.region = textOf(datafile.region).toUpperCase() === 'EU' ? 'EU' : 'US';
    const { sendFlagDecisions } = datafile;
    this.sendFlagDecisions = typeof sendFlagDecisions === 'boolean' ? sendFlagDecisions : undefined;
    this.botFiltering = datafile.botFiltering === true;
    const flagKeys = new Map<string, string[]>();
    for (const flag of flags) {
      for (const { id } of [...flag.experiments, ...flag.deliveryRules])
        flagKeys.set(id, [...(flagKeys.get(id) ?? []), flag.key]);
    }
    const audienceOf = audienceReader(datafile);
    for (const rule of [...experiments, ...deliveryRules, ...holdouts]) {
      this.#rules.set(rule.id, toNamed(rule, flagKeys.get(rule.id) ?? [], audienceOf(rule.source)));
    }
    this.audienceAttributes = new Set(this.rules.flatMap(rule => rule.audience?.attributes ?? []));
    for (const { id, key, experimentIds } of events) {
      const isSaid = Array.isArray(experimentIds);
      const event = {
        id: textOf(id),
        key: textOf(key),
        experimentIds: isSaid ? new Set(textsOf(experimentIds)) : undefined,
      };
      this.#events.set(event.id, event);
      this.saysWhatIsMeasured &&= isSaid;
    }
    for (const event of this.#events.values()) {
      for (const id of event.experimentIds ?? []) {
        this.#eventsOf.set(id, [...(this.#eventsOf.get(id) ?? []), event]);
      }
    }
    for (const { id, key } of attributes) {
      this.#attributeKeys.set(textOf(id), textOf(key));
      this.#attributeIds.set(textOf(key), textOf(id));
    }
  }

  get rules(): readonly NamedRule[] {
    return [...this.#rules.values()];
  }

  rule(id: string): NamedRule | undefined {
    return this.#rules.get(id);
  }

  event(id: string): NamedEvent | undefined {
    return this.#events.get(id);
  }

  eventKey(id: string): string | undefined {
    return this.#events.get(id)?.key;
  }

  /** Events that the experiment measures, as far as the datafile says. */
  eventsOf(experimentId: string): readonly NamedEvent[] {
    return this.#eventsOf.get(experimentId) ?? [];
  }

  /**
   * Whether conversions of this event are counted in the experiment. A holdout is compared by all events; of what the
   * datafile does not know, it is taken that they are.
   */
  measures(experimentId: string, eventId: string): boolean {
    const experimentIds = this.#events.get(eventId)?.experimentIds;
    const rule = this.#rules.get(experimentId);
    if (experimentIds === undefined || rule === undefined || rule.kind === 'holdout') return true;
    return experimentIds.has(experimentId);
  }

  attributeKey(id: string): string | undefined {
    return this.#attributeKeys.get(id);
  }

  attributeId(key: string): string | undefined {
    return this.#attributeIds.get(key);
  }
}

function toNamed(
  { id, key, kind, variations, source }: DatafileRule,
  flagKeys: readonly string[],
  audience: Audience | undefined,
): NamedRule {
  const { forcedVariations } = source;
  return {
    id,
    key,
    kind,
    status: textOf(source.status),
    flagKeys,
    variations: new Map(variations.map(({ id, key }) => [textOf(id), textOf(key)])),
    weights: weightsOf(source.trafficAllocation),
    forcedVisitors: new Set(
      typeof forcedVariations === 'object' && forcedVariations !== null ? Object.keys(forcedVariations) : [],
    ),
    audience,
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

function textsOf(list: readonly unknown[]): string[] {
  return list.filter(item => typeof item === 'string');
}
