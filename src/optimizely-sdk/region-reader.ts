// SPDX-License-Identifier: Apache-2.0
import type { EventContext } from '../model/event-context.js';

const HOST = /^https?:\/\/(eu\.)?logx\.optimizely\.com(?![^:/?#])/i;

/** Which of Optimizely's two addresses a request was made for. */
export class RegionReader {
  readonly #onOtherHost: () => void;
  #url: unknown;
  #region: EventContext['region'] = 'US';

  /** @param onOtherHost told of a URL that is none of Optimizely's; it counts as US, as an unknown region does */
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
