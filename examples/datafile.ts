// SPDX-License-Identifier: Apache-2.0

/**
 * What Optimizely would serve at cdn.optimizely.com/datafiles/{sdkKey}.json, in small: a plain A/B experiment, a
 * feature flag with a feature test, and the events that they measure.
 */
export function datafileOf(revision: number) {
  return {
    version: '4',
    accountId: '10001',
    projectId: '20001',
    revision: String(revision),
    anonymizeIP: true,
    botFiltering: true,
    sendFlagDecisions: true,
    experiments: [
      experiment('30001', 'hero_banner', [
        { id: '31001', key: 'mountains' },
        { id: '31002', key: 'beach' },
      ]),
      experiment('30002', 'checkout_flow_test', [
        { id: '32001', key: 'three_steps', featureEnabled: false },
        { id: '32002', key: 'one_page', featureEnabled: true },
      ]),
    ],
    featureFlags: [
      { id: '40001', key: 'checkout_flow', experimentIds: ['30002'], rolloutId: '', variables: [] },
    ],
    events: [
      { id: '50001', key: 'add_to_cart', experimentIds: ['30001', '30002'] },
      { id: '50002', key: 'purchase', experimentIds: ['30001', '30002'] },
    ],
    attributes: [
      { id: '60001', key: 'device' },
      { id: '60002', key: 'city' },
    ],
    groups: [],
    rollouts: [],
    audiences: [],
    typedAudiences: [],
  };
}

export type ShopDatafile = ReturnType<typeof datafileOf>;

interface DatafileVariation {
  id: string;
  key: string;
  featureEnabled?: boolean;
}

function experiment(id: string, key: string, variations: DatafileVariation[]) {
  const share = 10_000 / variations.length;
  return {
    id,
    key,
    layerId: `${id}9`,
    status: 'Running',
    audienceIds: [],
    forcedVariations: {},
    variations,
    trafficAllocation: variations.map((variation, index) => ({
      entityId: variation.id,
      endOfRange: Math.round(share * (index + 1)),
    })),
  };
}
