// SPDX-License-Identifier: Apache-2.0
import type { EventContext } from '../model/event-context.js';

const SCHEMES = ['https://', 'http://'];
const HOST = 'logx.optimizely.com';
const EU = 'eu.';

/** @returns undefined of another host. Needs no regular expression */
function regionOf(url: unknown): EventContext['region'] | undefined {
  if (typeof url !== 'string') return undefined;
  const start = url.slice(0, 100).toLowerCase();
  const scheme = SCHEMES.find(scheme => start.startsWith(scheme));
  if (scheme === undefined) return undefined;
  const address = start.slice(scheme.length);
  const isEu = address.startsWith(EU);
  const rest = isEu ? address.slice(EU.length) : address;
  const isOptimizely = rest.startsWith(HOST) && ':/?#'.includes(rest.charAt(HOST.length));
  return isOptimizely ? (isEu ? 'EU' : 'US') : undefined;
}

/** Which of Optimizely's two addresses a request was made for. */
export class RegionReader {
  readonly #onOtherHost: () => void;
  #url: unknown;
  #region: EventContext['region'] = 'US';

  /** @param onOtherHost called for a URL that is not Optimizely's; it counts as US, like an unknown region */
  constructor(onOtherHost: () => void) {
    this.#onOtherHost = onOtherHost;
  }

  read(url: unknown): EventContext['region'] {
    if (url !== this.#url) {
      const region = regionOf(url);
      this.#region = region ?? 'US';
      this.#url = url;
      if (region === undefined) this.#onOtherHost();
    }
    return this.#region;
  }
}
