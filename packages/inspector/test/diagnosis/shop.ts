// SPDX-License-Identifier: Apache-2.0
import { type Conversion, type Impression, OptimizelySpanProcessor } from 'opentelemetry-exporter-optimizely';
import type { CheckId, CheckView, DiagnosisView, ExperimentView } from '../../src/view/types.js';
import { type Inspector, makeInspector, NOW } from '../harness.js';

/** The experiment of a flag that most of these tests are about. */
export const CHECKOUT = '200';
/** An experiment without a flag. */
export const BANNER = '100';
/** The delivery rule of the flag. */
const DELIVERY = '900';

/**
 * A project as Optimizely's datafiles have it: a flag with an experiment and a delivery rule, an experiment without a flag,
 * events of which each experiment measures one.
 */
export function shopDatafile(overrides: Record<string, unknown> = {}): Record<string, unknown> {
  const experiment = (id: string, key: string, layerId: string, more: object = {}) => ({
    id,
    key,
    layerId,
    status: 'Running',
    audienceIds: [],
    forcedVariations: {},
    variations: [
      { id: `${id}1`, key: 'control', featureEnabled: true },
      { id: `${id}2`, key: 'treatment', featureEnabled: true },
    ],
    trafficAllocation: [
      { entityId: `${id}1`, endOfRange: 5_000 },
      { entityId: `${id}2`, endOfRange: 10_000 },
    ],
    ...more,
  });
  return {
    version: '4',
    accountId: 'account-1',
    projectId: 'project-1',
    environmentKey: 'production',
    revision: '7',
    anonymizeIP: true,
    botFiltering: true,
    sendFlagDecisions: true,
    experiments: [experiment(BANNER, 'banner', '10'), experiment(CHECKOUT, 'checkout_test', '20')],
    featureFlags: [{ id: '50', key: 'checkout', experimentIds: [CHECKOUT], rolloutId: '60', variables: [] }],
    rollouts: [
      {
        id: '60',
        experiments: [
          experiment(DELIVERY, 'everyone', '90', {
            variations: [{ id: '9001', key: 'off', featureEnabled: false }],
            trafficAllocation: [{ entityId: '9001', endOfRange: 10_000 }],
          }),
        ],
      },
    ],
    events: [
      { id: '300', key: 'purchase', experimentIds: [CHECKOUT] },
      { id: '301', key: 'signup', experimentIds: [BANNER] },
    ],
    attributes: [
      { id: '400', key: 'plan' },
      { id: '401', key: 'country' },
    ],
    audiences: [],
    typedAudiences: [],
    groups: [],
    ...overrides,
  };
}

/** The datafile with one of its experiments changed. */
export function withExperiment(id: string, change: object, overrides: Record<string, unknown> = {}) {
  const datafile = shopDatafile(overrides);
  const experiments = (datafile.experiments as { id: string }[]).map(experiment =>
    experiment.id === id ? { ...experiment, ...change } : experiment,
  );
  return { ...datafile, experiments };
}

export interface Shop extends AsyncDisposable {
  readonly inspector: Inspector;
  /** The visitor sees the checkout experiment, ten seconds ago. */
  expose(userId: string, impression?: Partial<Impression>): void;
  /** The visitor buys, five seconds ago. */
  buy(userId: string, conversion?: Partial<Conversion>): void;
  /** What was recorded arrives. */
  arrive(): Promise<void>;
  experiment(id?: string): Promise<ExperimentView>;
  diagnosis(id?: string): Promise<DiagnosisView>;
  check(id: CheckId, experimentId?: string): Promise<CheckView>;
}

interface ShopOptions {
  /** What the inspector has. */
  readonly datafile?: Record<string, unknown> | undefined;
  /** What the application has. @default that of the inspector */
  readonly application?: Record<string, unknown>;
  readonly forwardsTo?: () => string;
}

/** An application that uses the exporter, and an inspector that gets its events. Close it with `await using`. */
export async function openShop({
  datafile = shopDatafile(),
  application = datafile,
  ...options
}: ShopOptions = {}): Promise<Shop> {
  const inspector = await makeInspector({ datafile, ...options });
  const processor = new OptimizelySpanProcessor({
    datafile: application,
    endpoint: `${inspector.url}v1/events`,
    batchSize: 1_000,
    logger: SILENT,
  });
  const experiment = async (id = CHECKOUT) => {
    const { experiments } = await inspector.overview();
    const found = experiments.find(one => one.id === id);
    if (found === undefined) throw new Error(`no experiment ${id}`);
    return found;
  };
  return {
    inspector,
    expose: (userId, impression) => {
      processor.recordImpression({
        userId,
        flagKey: 'checkout',
        ruleKey: 'checkout_test',
        ruleType: 'feature-test',
        variationKey: 'control',
        timestamp: NOW - 10_000,
        ...impression,
      });
    },
    buy: (userId, conversion) => {
      processor.recordConversion({ userId, eventKey: 'purchase', timestamp: NOW - 5_000, ...conversion });
    },
    arrive: () => processor.forceFlush(),
    experiment,
    diagnosis: async id => (await experiment(id)).diagnosis,
    check: async (wanted, id) => {
      const found = (await experiment(id)).diagnosis.checks.find(check => check.id === wanted);
      if (found === undefined) throw new Error(`no check ${wanted}`);
      return found;
    },
    [Symbol.asyncDispose]: async () => {
      await processor.shutdown();
      await inspector[Symbol.asyncDispose]();
    },
  };
}

const SILENT = { error: () => {}, warn: () => {}, info: () => {}, debug: () => {} };

/** `visitor-0` and so on. */
export function visitors(count: number, name = 'visitor-'): string[] {
  return Array.from({ length: count }, (_, n) => `${name}${n}`);
}
