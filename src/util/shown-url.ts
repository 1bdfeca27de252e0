// SPDX-License-Identifier: Apache-2.0
import { isHttpUrl } from './http-url.js';
import { safeText } from './safe-text.js';

/**
 * An address, or a text that was meant to be one, as the log may show it: without user name and password, and without
 * query and fragment, where tokens are.
 */
export function shownUrl(text: string): string {
  return safeText(plainAddress(text) ?? masked(text));
}

/** @returns undefined if something in it may be a password with unusual characters */
function plainAddress(text: string): string | undefined {
  const isAddress: boolean = isHttpUrl(text);
  if (!isAddress) return undefined;
  const { origin, pathname, search, hash } = new URL(text);
  return `${pathname}${search}${hash}`.includes('@') ? undefined : origin + pathname;
}

/** What stands behind the credentials, or all of it, up to a query or fragment. */
function masked(text: string): string {
  const credentialsEnd = text.lastIndexOf('@');
  const [address = ''] = text.slice(credentialsEnd + 1).split(/[?#]/, 1);
  const rest = credentialsEnd + 1 + address.length < text.length ? '…' : '';
  return credentialsEnd === -1 ? address + rest : `…@${address}${rest}`;
}
