// SPDX-License-Identifier: Apache-2.0
import { isIP } from 'node:net';

const MOST_NAMES = 100;
const OTHERS = '_OTHER';

/**
 * Names of senders as metrics may have them: a hundred different ones, and no address that may be a visitor's, of an app
 * on a phone that sends its own events.
 */
export class SenderLabels {
  readonly #names = new Set<string>();

  labelOf(sender: string): string {
    const label = isIP(sender) === 0 || isLocal(sender) ? sender : 'public';
    if (this.#names.has(label)) return label;
    if (this.#names.size >= MOST_NAMES) return OTHERS;
    this.#names.add(label);
    return label;
  }
}

/** Whether the address is one of a machine or of a private network, not of the Internet. */
function isLocal(address: string): boolean {
  return LOCAL.test(address.toLowerCase());
}

const LOCAL =
  /^(?:127\.|10\.|192\.168\.|169\.254\.|172\.(?:1[6-9]|2\d|3[01])\.|100\.(?:6[4-9]|[7-9]\d|1[01]\d|12[0-7])\.|::1$|f[cd]|fe[89ab])/;
