// SPDX-License-Identifier: Apache-2.0
import type { EventContext } from '../model/event-context.js';

const HOST = /^https?:\/\/(eu\.)?logx\.optimizely\.com(?![^:/?#])/i;

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
      const match = typeof url === 'string' ? HOST.exec(url) : null;
      this.#region = match?.[1] === undefined ? 'US' : 'EU';
      this.#url = url;
      if (match === null) this.#onOtherHost();
    }
    return this.#region;
  }
}
