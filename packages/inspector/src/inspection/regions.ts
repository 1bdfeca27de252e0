// SPDX-License-Identifier: Apache-2.0

export type Region = 'US' | 'EU';

/** @see https://docs.developers.optimizely.com/feature-experimentation/docs/event-api */
export const EVENTS_API_HOSTS: Readonly<Record<Region, string>> = {
  US: 'logx.optimizely.com',
  EU: 'eu.logx.optimizely.com',
};

/** @returns the region whose Events API the URL leads to, undefined if it leads elsewhere */
export function regionOf(url: string | undefined): Region | undefined {
  if (url === undefined || !URL.canParse(url)) return undefined;
  const { hostname } = new URL(url);
  return hostname === EVENTS_API_HOSTS.US ? 'US' : hostname === EVENTS_API_HOSTS.EU ? 'EU' : undefined;
}
