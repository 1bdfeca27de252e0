// SPDX-License-Identifier: Apache-2.0

/** A shop's project: three running experiments, one of them behind a flag with a delivery rule. */
export const DATAFILE = {
  version: '4',
  accountId: '10001',
  projectId: '20001',
  revision: '42',
  anonymizeIP: true,
  botFiltering: false,
  sendFlagDecisions: true,
  experiments: [
    experiment('30001', 'hero_banner', ['mountains', 'beach']),
    experiment('30002', 'checkout_flow_test', ['three_steps', 'one_page']),
    experiment('30003', 'search_ranking', ['popular', 'newest', 'personal']),
    { ...experiment('30004', 'summer_sale', ['off', 'on']), status: 'Paused' },
  ],
  featureFlags: [
    { id: '40001', key: 'checkout_flow', experimentIds: ['30002'], rolloutId: '', variables: [] },
  ],
  events: [
    { id: '50001', key: 'add_to_cart', experimentIds: ['30001', '30002', '30003'] },
    { id: '50002', key: 'purchase', experimentIds: ['30001', '30002', '30003'] },
  ],
  attributes: [{ id: '60001', key: 'device' }],
  groups: [],
  rollouts: [],
};

function experiment(id: string, key: string, variationKeys: string[]) {
  const variations = variationKeys.map((variation, index) => ({ id: `${id}${index + 1}`, key: variation }));
  return {
    id,
    key,
    layerId: `${id}9`,
    status: 'Running',
    variations,
    trafficAllocation: variations.map((variation, index) => ({
      entityId: variation.id,
      endOfRange: Math.round((10_000 / variations.length) * (index + 1)),
    })),
  };
}
