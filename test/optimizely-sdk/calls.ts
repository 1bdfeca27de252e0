// SPDX-License-Identifier: Apache-2.0
import type { OfficialClient } from './clients.js';

const GOLD = { plan: 'gold', age: 41, beta: true, $opt_user_agent: 'Mozilla/5.0 (ü)', unknown: 'left out' };

/** What an application does: each kind of call by which the official SDK sends something. */
export const CALLS: Record<string, (client: OfficialClient) => void> = {
  activate: client => {
    client.activate('checkout_button', 'ann', GOLD);
    client.activate('search_test', 'bob');
    client.setForcedVariation('checkout_button', 'cid', 'blue');
    client.activate('checkout_button', 'cid', { plan: null });
    client.activate('no such experiment', 'ann');
  },
  isFeatureEnabled: client => {
    client.isFeatureEnabled('search', 'ann', GOLD);
    client.isFeatureEnabled('chat', 'ann');
  },
  decide: client => {
    const user = client.createUserContext('ann', GOLD);
    user?.decide('search');
    user?.decide('chat');
    user?.decide('no such flag');
    client.createUserContext('')?.decide('search');
  },
  decideForKeys: client => {
    client.createUserContext('bob', GOLD)?.decideForKeys(['search', 'chat', 'search']);
  },
  decideAll: client => {
    client.createUserContext('visitor "ü" \\ 😀', { plan: 'größer', age: -1.5 })?.decideAll();
  },
  'forced decisions': client => {
    const user = client.createUserContext('ann', GOLD);
    user?.setForcedDecision({ flagKey: 'search' }, { variationKey: 'fast' });
    user?.decide('search');
    const other = client.createUserContext('bob', GOLD);
    other?.setForcedDecision({ flagKey: 'search', ruleKey: 'search_test' }, { variationKey: 'off' });
    other?.decide('search');
    const third = client.createUserContext('cid', GOLD);
    third?.setForcedDecision({ flagKey: 'search', ruleKey: 'search_beta' }, { variationKey: 'fast' });
    third?.decide('search');
  },
  track: client => {
    client.track('purchase', 'ann', GOLD, { revenue: 4200, value: 1.5, sku: 'a', gone: null });
    client.track('purchase', 'bob', GOLD, {
      revenue: '4200',
      value: '1.5',
      $opt_event_properties: { a: [1] },
    });
    client.track('sign_up', 'ann');
    client.track('sign_up', 'ann', {}, {});
    client.track('purchase', 'cid', GOLD, { revenue: 'no number', value: true, nested: { deep: ['ü'] } });
    client.track('no such event', 'ann');
    client.createUserContext('dee', GOLD)?.trackEvent('purchase', { revenue: -1, value: 0 });
  },
};

export function callAll(client: OfficialClient): void {
  for (const call of Object.values(CALLS)) call(client);
}
