// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';

export interface DatafileVariation {
  id: string;
  key: string;
  featureEnabled?: boolean;
}

export interface DatafileRule {
  id: string;
  key: string;
  status: string;
  layerId?: string | null;
  type?: string;
  variations: DatafileVariation[];
  trafficAllocation: { entityId: string; endOfRange: number }[];
  audienceIds: string[];
  forcedVariations: Record<string, string>;
  /** Of a holdout. */
  includedRules?: string[];
}

export interface DatafileFlag {
  id: string;
  key: string;
  experimentIds: string[];
  rolloutId: string;
  variables: never[];
}

export interface TestDatafile {
  version: '4';
  accountId: string;
  projectId: string;
  revision: string;
  region?: string | null;
  anonymizeIP?: boolean | null;
  botFiltering?: boolean | null;
  sendFlagDecisions?: boolean | null;
  experiments: DatafileRule[];
  groups?: { id: string; policy: string; trafficAllocation: object[]; experiments: DatafileRule[] }[];
  rollouts?: { id: string; experiments: DatafileRule[] }[];
  featureFlags?: DatafileFlag[];
  holdouts?: DatafileRule[];
  localHoldouts?: DatafileRule[];
  events?: { id: string; key: string; experimentIds: string[] }[];
  attributes?: { id: string; key: string }[];
  audiences: { id: string; name: string; conditions: string }[];
}

/** The user id that the datafiles' `forcedVariations` name. */
const LISTED_USER = 'listed user';
/** Users with `plan: 'gold'` are the audience of the rules that have one. */
const AUDIENCE = {
  id: 'gold-members',
  name: 'gold members',
  conditions: JSON.stringify([
    'and',
    ['or', ['or', { type: 'custom_attribute', name: 'plan', match: 'exact', value: 'gold' }]],
  ]),
};

// Few keys, so that they meet each other: across flags, across rule types, twice in one list.
const RULE_KEYS = ['rule 1', 'rule 2', 'rule 3', 'правило', 'constructor'];
const VARIATION_KEYS = ['on', 'off', 'a', 'b', 'вариант'];
const FLAG_KEYS = ['flag 1', 'flag 2', 'flag 3', 'флаг'];
export const EVENT_KEYS = ['purchase', 'sign up', 'покупка', 'constructor', 'toString'];
const ATTRIBUTE_KEYS = ['plan', 'country', '', '0', '7', 'ключ', 'constructor', 'toString'];
const RESERVED_KEYS = ['$opt_user_agent', '$opt_bot_filtering', '$opt_bucketing_id', '$opt_', '$opt_own'];

type IdStyle = 'digits' | 'zero first' | 'word' | 'almost digits';

interface VariationSpec {
  key: string;
  idStyle: IdStyle;
  enabled: boolean | undefined;
}

interface RuleSpec {
  key: string;
  idStyle: IdStyle;
  layer: 'given' | 'empty' | 'absent' | 'null';
  running: boolean;
  forMembers: boolean;
  traffic: 'all' | 'half' | 'none' | 'from the middle';
  /** Picks of the flag's variations; none: the rule has variations of its own. */
  picks: number[];
  own: VariationSpec[];
  /** Pick of the variation that `LISTED_USER` is listed for; undefined: not listed. */
  listed: number | undefined;
}

interface ExperimentSpec extends RuleSpec {
  home: 'experiments' | 'random group' | 'overlapping group';
  type: 'ab' | 'fr' | undefined;
  /** Listed a second time, under the same id and key, with another layer. */
  twice: boolean;
}

interface FlagSpec {
  key: string;
  variations: VariationSpec[];
  experiments: ExperimentSpec[];
  /** Delivery rules, the last one for everyone else. */
  rollout: 'none' | 'unknown' | RuleSpec[];
  /** Has the first experiment of the flag before it too. */
  sharesExperiment: boolean;
}

interface HoldoutSpec extends RuleSpec {
  included: number[] | undefined;
}

interface DatafileSpec {
  idBase: number;
  settings: Pick<TestDatafile, 'region' | 'anonymizeIP' | 'botFiltering' | 'sendFlagDecisions'>;
  flags: FlagSpec[];
  plainExperiments: ExperimentSpec[];
  holdouts: HoldoutSpec[];
  localHoldouts: HoldoutSpec[];
  events: string[];
  attributes: { key: string; id: 'given' | 'empty' }[];
  emptyListsAbsent: boolean;
}

const arbitraryIdStyle = fc.oneof(
  { weight: 5, arbitrary: fc.constant<IdStyle>('digits') },
  { weight: 2, arbitrary: fc.constantFrom<IdStyle>('zero first', 'word', 'almost digits') },
);

const arbitraryVariation: fc.Arbitrary<VariationSpec> = fc.record({
  key: fc.constantFrom(...VARIATION_KEYS),
  idStyle: arbitraryIdStyle,
  enabled: fc.constantFrom(true, true, false, undefined),
});

const arbitraryVariations = fc.uniqueArray(arbitraryVariation, {
  selector: variation => variation.key,
  minLength: 1,
  maxLength: 3,
});

const ruleMembers = {
  key: fc.constantFrom(...RULE_KEYS),
  idStyle: arbitraryIdStyle,
  layer: fc.constantFrom<RuleSpec['layer']>('given', 'given', 'given', 'empty', 'absent', 'null'),
  running: fc.constantFrom(true, true, true, true, false),
  forMembers: fc.constantFrom(false, false, true),
  traffic: fc.constantFrom<RuleSpec['traffic']>('all', 'all', 'half', 'none', 'from the middle'),
  picks: fc.array(fc.nat(7), { maxLength: 3 }),
  own: arbitraryVariations,
  listed: fc.option(fc.nat(3), { nil: undefined, freq: 1 }),
};

const arbitraryExperiment: fc.Arbitrary<ExperimentSpec> = fc.record({
  ...ruleMembers,
  // Here a variation key may repeat within a rule.
  own: fc.oneof(arbitraryVariations, fc.array(arbitraryVariation, { minLength: 2, maxLength: 3 })),
  home: fc.constantFrom<ExperimentSpec['home']>(
    'experiments',
    'experiments',
    'random group',
    'overlapping group',
  ),
  type: fc.constantFrom<ExperimentSpec['type']>(undefined, 'ab', 'fr'),
  twice: fc.constantFrom(false, false, false, true),
});

const byKey = (spec: { key: string }) => spec.key;

const arbitraryFlag: fc.Arbitrary<FlagSpec> = fc.record({
  key: fc.constantFrom(...FLAG_KEYS),
  variations: arbitraryVariations,
  experiments: fc.uniqueArray(arbitraryExperiment, { selector: byKey, maxLength: 2 }),
  rollout: fc.oneof(
    { weight: 1, arbitrary: fc.constantFrom('none' as const, 'unknown' as const) },
    { weight: 5, arbitrary: fc.uniqueArray(fc.record(ruleMembers), { selector: byKey, maxLength: 3 }) },
  ),
  sharesExperiment: fc.constantFrom(false, false, false, true),
});

const arbitraryHoldout: fc.Arbitrary<HoldoutSpec> = fc.record({
  ...ruleMembers,
  traffic: fc.constantFrom<RuleSpec['traffic']>('half', 'none', 'from the middle'),
  included: fc.option(fc.array(fc.nat(15), { maxLength: 4 }), { nil: undefined, freq: 5 }),
});

const arbitrarySpec: fc.Arbitrary<DatafileSpec> = fc.record({
  // Objects list keys up to 2^32 - 2 before all others, and the SDK's lookups depend on that order.
  idBase: fc.constantFrom(1, 4_000, 2 ** 32 - 12, 29_000_000_000),
  settings: fc.record(
    {
      region: fc.constantFrom('US', 'EU', 'EU', '', 'XX', null),
      anonymizeIP: fc.constantFrom(true, false, null),
      botFiltering: fc.constantFrom(true, false, null),
      sendFlagDecisions: fc.constantFrom(true, true, true, false, null),
    },
    { requiredKeys: [] },
  ),
  flags: fc.array(arbitraryFlag, { minLength: 1, maxLength: 3 }),
  plainExperiments: fc.array(arbitraryExperiment, { maxLength: 2 }),
  holdouts: fc.array(arbitraryHoldout, { maxLength: 1 }),
  localHoldouts: fc.array(arbitraryHoldout, { maxLength: 3 }),
  events: fc.array(fc.constantFrom(...EVENT_KEYS), { size: 'max', maxLength: 8 }),
  attributes: fc.array(
    fc.record({
      key: fc.constantFrom(...ATTRIBUTE_KEYS, ...RESERVED_KEYS),
      id: fc.constantFrom('given', 'given', 'given', 'empty'),
    }),
    { maxLength: 12 },
  ),
  emptyListsAbsent: fc.boolean(),
});

/** Datafiles that the official SDK takes, with everything in them that bears on the payload of an event. */
export function arbitraryDatafile(): fc.Arbitrary<TestDatafile> {
  return arbitrarySpec.map(spec => new DatafileBuilder(spec).build());
}

class DatafileBuilder {
  readonly #spec: DatafileSpec;
  readonly #experiments: DatafileRule[] = [];
  readonly #groups = [
    { id: 'group 1', policy: 'random', experiments: [] as DatafileRule[] },
    { id: 'group 2', policy: 'overlapping', experiments: [] as DatafileRule[] },
  ] as const;
  readonly #rollouts: { id: string; experiments: DatafileRule[] }[] = [];
  #nextId: number;

  constructor(spec: DatafileSpec) {
    this.#spec = spec;
    this.#nextId = spec.idBase;
  }

  build(): TestDatafile {
    const spec = this.#spec;
    const featureFlags: DatafileFlag[] = [];
    for (const flag of spec.flags) featureFlags.push(this.#flag(flag, featureFlags.at(-1)));
    for (const experiment of spec.plainExperiments) this.#experiment(experiment, []);
    const used = this.#groups.filter(group => group.experiments.length > 0 || !spec.emptyListsAbsent);
    const groups = used.map(group => ({
      ...group,
      trafficAllocation: allocate(
        group.experiments.map(({ id }) => id),
        'all',
      ),
    }));
    const ruleIds = [this.#experiments, ...[...groups, ...this.#rollouts].map(list => list.experiments)]
      .flat()
      .map(({ id }) => id);
    const lists = {
      groups,
      rollouts: this.#rollouts,
      featureFlags,
      holdouts: spec.holdouts.map((holdout, i) => this.#holdout(holdout, `holdout ${i}`, ruleIds)),
      localHoldouts: spec.localHoldouts.map((holdout, i) => this.#holdout(holdout, `local ${i}`, ruleIds)),
      events: spec.events.map(key => ({ id: this.#id(), key, experimentIds: [] })),
      attributes: spec.attributes.map(({ key, id }) => ({ id: id === 'given' ? this.#id() : '', key })),
    };
    return {
      version: '4',
      accountId: '1000',
      projectId: '2000',
      revision: '42',
      ...spec.settings,
      experiments: this.#experiments,
      audiences: [AUDIENCE],
      ...(Object.fromEntries(
        Object.entries(lists).filter(([, list]) => list.length > 0 || !spec.emptyListsAbsent),
      ) as Partial<typeof lists>),
    };
  }

  #flag(spec: FlagSpec, before: DatafileFlag | undefined): DatafileFlag {
    const variations = spec.variations.map(variation => this.#variation(variation));
    const experiments = spec.experiments.map(experiment => this.#experiment(experiment, variations));
    const shared = this.#everyExperiment().find(({ id }) => id === before?.experimentIds[0]);
    if (spec.sharesExperiment && shared && shared.type !== 'fr') {
      if (!experiments.some(({ key }) => key === shared.key)) experiments.push(shared);
    }
    let rolloutId = '';
    if (spec.rollout === 'unknown') rolloutId = 'no such rollout';
    else if (spec.rollout !== 'none') {
      rolloutId = `rollout ${this.#id()}`;
      const last = spec.rollout.length - 1;
      const rules = spec.rollout.map((rule, i) =>
        this.#rule(i === last ? { ...rule, forMembers: false } : rule, variations),
      );
      this.#rollouts.push({ id: rolloutId, experiments: rules });
    }
    const experimentIds = experiments.map(({ id }) => id);
    return { id: this.#id(), key: spec.key, experimentIds, rolloutId, variables: [] };
  }

  #everyExperiment(): DatafileRule[] {
    return [this.#experiments, ...this.#groups.map(group => group.experiments)].flat();
  }

  #experiment(spec: ExperimentSpec, flagVariations: readonly DatafileVariation[]): DatafileRule {
    const experiment = this.#rule(spec, flagVariations);
    if (spec.type !== undefined) experiment.type = spec.type;
    const [random, overlapping] = this.#groups;
    const home =
      spec.home === 'experiments'
        ? this.#experiments
        : (spec.home === 'random group' ? random : overlapping).experiments;
    home.push(experiment);
    if (spec.twice) home.push({ ...structuredClone(experiment), layerId: this.#id() });
    return experiment;
  }

  #rule(spec: RuleSpec, flagVariations: readonly DatafileVariation[]): DatafileRule {
    const picked = new Set(spec.picks.map(pick => flagVariations[pick % flagVariations.length]));
    const variations = [...picked].filter(variation => variation !== undefined);
    if (variations.length === 0) variations.push(...spec.own.map(variation => this.#variation(variation)));
    const rule: DatafileRule = {
      id: this.#id(spec.idStyle),
      key: spec.key,
      status: spec.running ? 'Running' : 'Paused',
      variations,
      trafficAllocation: allocate(
        variations.map(({ id }) => id),
        spec.traffic,
      ),
      audienceIds: spec.forMembers ? [AUDIENCE.id] : [],
      forcedVariations: {},
    };
    if (spec.layer !== 'absent') {
      rule.layerId = spec.layer === 'given' ? this.#id() : spec.layer === 'empty' ? '' : null;
    }
    if (spec.listed !== undefined) {
      rule.forcedVariations[LISTED_USER] = variations[spec.listed]?.key ?? 'no such variation';
    }
    return rule;
  }

  #holdout(spec: HoldoutSpec, key: string, ruleIds: readonly string[]): DatafileRule {
    const holdout = { ...this.#rule(spec, []), key };
    if (spec.included !== undefined) {
      const rules = spec.included.map(pick => ruleIds[pick % ruleIds.length]);
      holdout.includedRules = rules.filter(id => id !== undefined);
    }
    return holdout;
  }

  #variation({ key, idStyle, enabled }: VariationSpec): DatafileVariation {
    return { id: this.#id(idStyle), key, ...(enabled !== undefined && { featureEnabled: enabled }) };
  }

  #id(style: IdStyle = 'digits'): string {
    const id = String(this.#nextId++);
    switch (style) {
      case 'digits':
        return id;
      case 'zero first':
        return `0${id}`;
      case 'word':
        return `id_${id}`;
      case 'almost digits':
        return [`${id}\n`, ` ${id}`, `-${id}`, `${id}.5`, `${id}e1`, `١${id}`][Number(id) % 6] ?? id;
    }
  }
}

function allocate(ids: readonly string[], traffic: RuleSpec['traffic']): DatafileRule['trafficAllocation'] {
  const [from, to] = { all: [0, 10_000], half: [0, 5_000], none: [0, 0], 'from the middle': [4_000, 10_000] }[
    traffic
  ] as [number, number];
  const share = (to - from) / ids.length;
  const ranges = ids.map((entityId, i) => ({ entityId, endOfRange: Math.round(from + share * (i + 1)) }));
  return from > 0 ? [{ entityId: '', endOfRange: from }, ...ranges] : ranges;
}

const arbitraryText = fc.oneof(
  fc.string({ unit: 'binary' }),
  // Halves of surrogate pairs too.
  fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 8 }).map(units => String.fromCharCode(...units)),
);

/** Any string but 'undefined', which the official SDK takes for a mistake. */
export function arbitraryUserId(): fc.Arbitrary<string> {
  return fc
    .oneof(
      { weight: 3, arbitrary: arbitraryText },
      {
        weight: 2,
        arbitrary: fc.constantFrom('', LISTED_USER, LISTED_USER, '__proto__', 'constructor', '"\\\n\u2028'),
      },
      { weight: 3, arbitrary: fc.nat(10_000).map(n => `user ${n}`) },
    )
    .filter(id => id !== 'undefined');
}

const arbitraryHostileNumber = fc.oneof(
  fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, -Number.POSITIVE_INFINITY, -0, 2 ** 53, -(2 ** 53)),
  fc.constantFrom(2 ** 53 + 2, -(2 ** 53) - 2, Number.MAX_VALUE, Number.MIN_VALUE, 1e21, 0.1 + 0.2),
  fc.double(),
  fc.integer(),
);

const arbitraryAttributeValue = fc.oneof(
  { weight: 3, arbitrary: arbitraryText },
  { weight: 3, arbitrary: fc.boolean() },
  { weight: 3, arbitrary: arbitraryHostileNumber },
  {
    weight: 2,
    // Not undefined: for one the official SDK refuses the whole event.
    arbitrary: fc.constantFrom<unknown>(
      null,
      {},
      [],
      ['gold'],
      { a: 1 },
      () => 1,
      Symbol('s'),
      1n,
      new Date(0),
    ),
  },
);

/** Own members whatever the key, `__proto__` included. */
function arbitraryMembers(keys: readonly string[], value: fc.Arbitrary<unknown>, maxLength: number) {
  // Not hasOwnProperty: the official SDK calls the method of that name on what it was given.
  const key = fc.oneof(
    { weight: 9, arbitrary: fc.constantFrom(...keys) },
    { weight: 1, arbitrary: arbitraryText.filter(text => text !== 'hasOwnProperty') },
  );
  return fc
    .array(fc.tuple(key, value), { maxLength })
    .map(entries => Object.fromEntries(entries) as Record<string, unknown>);
}

/** User attributes: known, unknown and reserved keys, with values that fit and values that don't. */
export function arbitraryAttributes(): fc.Arbitrary<Record<string, unknown>> {
  const members = arbitraryMembers(
    [...ATTRIBUTE_KEYS, ...RESERVED_KEYS, '__proto__', '1', 'valueOf'],
    arbitraryAttributeValue,
    6,
  );
  return fc
    .tuple(members, fc.constantFrom(undefined, 'gold', 'gold', 'silver'))
    .map(([attributes, plan]) => (plan === undefined ? attributes : { ...attributes, plan }));
}

const arbitraryAmount = fc.oneof(
  fc.integer({ min: -100_000, max: 100_000 }),
  arbitraryHostileNumber,
  fc.double({ noNaN: true, min: -1e6, max: 1e6 }),
  arbitraryHostileNumber.map(String),
  fc.constantFrom('4200', ' 12.75 EUR', '1e3', '0x1f', '-0', '', ' ', 'free', '.5', '١٢', '9'.repeat(400)),
  fc.constantFrom(null, undefined, () => 1),
);

const arbitraryTag = fc.oneof(
  arbitraryText,
  arbitraryHostileNumber,
  fc.constantFrom<unknown>(null, undefined, true, false, () => 1, Symbol('s'), new Date(0), [
    undefined,
    null,
  ]),
  fc.anything({ maxDepth: 2, maxKeys: 3 }),
);

/** Event tags: the reserved ones as numbers and as text, and others that hold anything. */
export function arbitraryTags(): fc.Arbitrary<Record<string, unknown>> {
  const others = arbitraryMembers(
    ['sku', '$opt_event_properties', 'nested', '0', '__proto__', 'constructor', 'toString', 'tags'],
    arbitraryTag,
    4,
  );
  const amounts = fc.record({ revenue: arbitraryAmount, value: arbitraryAmount }, { requiredKeys: [] });
  return fc
    .tuple(others, amounts, fc.boolean())
    .map(([tags, reserved, first]) => (first ? { ...reserved, ...tags } : { ...tags, ...reserved }));
}
