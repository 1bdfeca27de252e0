// SPDX-License-Identifier: Apache-2.0
import { withoutCredentials } from '../util/http-url.js';

/** Where a request goes. */
export interface Destination {
  /** As it was given. */
  readonly given: string;
  /** Without credentials. */
  readonly url: string;
  readonly origin: string;
  readonly path: string;
  /** Of the credentials in the URL. */
  readonly authorization: string | undefined;
}

/** @throws TypeError if the text is not a URL */
export function toDestination(given: string): Destination {
  const { url, authorization } = withoutCredentials(given);
  const { origin, pathname, search } = new URL(url);
  return { given, url, origin, path: pathname + search, authorization };
}

/** What the application says in a header of its own wins over the URL's credentials. */
export function withAuthorization(
  headers: Readonly<Record<string, string>> | undefined,
  authorization: string | undefined,
): Record<string, string> | undefined {
  if (authorization === undefined) return headers;
  const named = Object.keys(headers ?? {}).some(name => name.toLowerCase() === 'authorization');
  return named ? headers : { ...headers, authorization };
}
