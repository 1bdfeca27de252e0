// SPDX-License-Identifier: Apache-2.0
import type { IncomingMessage } from 'node:http';

/**
 * Says why a request is refused. A web page that is open in a browser must neither read what is shown here
 * nor post events: not from its own origin, and not through a host name of its own that it has made resolve to this
 * machine (DNS rebinding).
 *
 * @param port the one that is listened on
 * @returns undefined if the request is not refused
 */
export function refusalOf({ headers, method, url }: IncomingMessage, port: number): string | undefined {
  const host = headers.host?.toLowerCase() ?? '';
  if (!isOwnHost(host, port)) {
    return `this server answers to 127.0.0.1:${port} and localhost:${port} only, not to the Host of this request`;
  }
  const { origin } = headers;
  if (origin !== undefined && origin !== `http://${host}`) {
    return 'a page of another origin may not talk to this server: send from a server, which names no Origin';
  }
  const site = headers['sec-fetch-site'];
  if (site === undefined || site === 'same-origin' || site === 'none') return undefined;
  // Following a link to the page shows the page, and tells the other site nothing.
  const isVisit = headers['sec-fetch-mode'] === 'navigate' && headers['sec-fetch-dest'] === 'document';
  if (isVisit && method === 'GET' && url === '/') return undefined;
  return 'a page of another site may not talk to this server';
}

function isOwnHost(host: string, port: number): boolean {
  const names = ['127.0.0.1', 'localhost', '[::1]'];
  return names.some(name => host === `${name}:${port}` || (port === 80 && host === name));
}
