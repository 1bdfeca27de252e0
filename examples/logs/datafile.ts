// SPDX-License-Identifier: Apache-2.0

/** What Optimizely's CDN would serve: one flag with one A/B test, and two events. */
export const DATAFILE = {
  version: '4',
  accountId: '1000',
  projectId: '2000',
  revision: '1',
  experiments: [
    {
      id: '3001',
      key: 'checkout_test',
      layerId: '3101',
      status: 'Running',
      variations: [
        { id: '3201', key: 'one_page' },
        { id: '3202', key: 'three_steps' },
      ],
    },
  ],
  featureFlags: [{ id: '3301', key: 'checkout', experimentIds: ['3001'], rolloutId: '', variables: [] }],
  events: [
    { id: '3401', key: 'purchase', experimentIds: ['3001'] },
    { id: '3402', key: 'refund', experimentIds: ['3001'] },
  ],
  attributes: [{ id: '3501', key: 'plan' }],
};
