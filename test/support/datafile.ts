// SPDX-License-Identifier: Apache-2.0

/** A small datafile: one plain experiment, one flag with a feature test and a rollout, events and attributes. */
export function makeDatafile(overrides: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    version: '4',
    accountId: 'account-1',
    projectId: 'project-1',
    revision: '7',
    experiments: [
      { id: '100', key: 'banner', layerId: '10', status: 'Running', variations: variations('1001', '1002') },
      {
        id: '200',
        key: 'checkout_test',
        layerId: '20',
        status: 'Running',
        variations: variations('2001', '2002'),
      },
    ],
    groups: [],
    rollouts: [
      {
        id: '900',
        experiments: [{ id: '910', key: 'everyone', layerId: '91', variations: variations('9101') }],
      },
    ],
    featureFlags: [{ id: '50', key: 'checkout', experimentIds: ['200'], rolloutId: '900', variables: [] }],
    events: [{ id: '300', key: 'purchase', experimentIds: ['100', '200'] }],
    attributes: [
      { id: '400', key: 'plan' },
      { id: '401', key: 'country' },
    ],
    ...overrides,
  };
}

function variations(...ids: string[]) {
  return ids.map((id, index) => ({ id, key: index === 0 ? 'control' : 'treatment', featureEnabled: true }));
}
