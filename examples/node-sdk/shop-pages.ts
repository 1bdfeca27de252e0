// SPDX-License-Identifier: Apache-2.0
//
// The shop itself. All that it knows of this package are `recordImpression` and `recordConversion`.
import type { IncomingMessage } from 'node:http';
import { createRequire } from 'node:module';
import { recordConversion, recordImpression } from 'opentelemetry-exporter-optimizely';
import { decideCheckoutFlow, decideHeroBanner } from './decide.js';

// The http instrumentation sees `require`. With `import` it needs OpenTelemetry's loader hook besides, see
// https://github.com/open-telemetry/opentelemetry-js/blob/main/doc/esm-support.md
const http = createRequire(import.meta.url)('node:http') as typeof import('node:http');

const PRICES_IN_CENTS: Record<string, number> = { mug: 1250, shirt: 2490, poster: 890 };

interface Visitor {
  readonly id: string;
  readonly attributes: Record<string, string>;
  readonly cart: string[];
}

/** What a page answers, and the uuids of what it recorded: the demo compares them with what arrived. */
interface Answer {
  readonly body: object;
  readonly recorded?: (string | undefined)[];
}

type Page = (visitor: Visitor, url: URL) => Answer;

const pages: Record<string, Page> = {
  'GET /product': ({ id, attributes }) => {
    const variationKey = decideHeroBanner(id);
    const uuid = recordImpression({ userId: id, ruleKey: 'hero_banner', variationKey, attributes });
    return { body: { hero: variationKey, products: PRICES_IN_CENTS }, recorded: [uuid] };
  },

  'POST /cart': ({ id, attributes, cart }, url) => {
    const sku = url.searchParams.get('sku') ?? 'mug';
    cart.push(sku);
    const uuid = recordConversion({ userId: id, eventKey: 'add_to_cart', attributes, tags: { sku } });
    return { body: { items: cart.length }, recorded: [uuid] };
  },

  'GET /checkout': ({ id, attributes, cart }) => {
    const variationKey = decideCheckoutFlow(id);
    const uuid = recordImpression({
      userId: id,
      flagKey: 'checkout_flow',
      ruleKey: 'checkout_flow_test',
      variationKey,
      enabled: variationKey === 'one_page',
      attributes,
    });
    return { body: { flow: variationKey, items: cart.length }, recorded: [uuid] };
  },

  'POST /purchase': ({ id, attributes, cart }) => {
    const revenue = cart.reduce((cents, sku) => cents + (PRICES_IN_CENTS[sku] ?? 0), 0);
    const tags = { revenue, value: revenue / 100, items: cart.length };
    const uuid = recordConversion({ userId: id, eventKey: 'purchase', attributes, tags });
    cart.length = 0;
    return { body: { paid: revenue }, recorded: [uuid] };
  },
};

/** @returns the shop's address */
export async function openShop(): Promise<string> {
  const visitors = new Map<string, Visitor>();
  // Visitors who pause keep their connections, on a slow machine too.
  const server = http.createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
    const url = new URL(request.url ?? '/', 'http://shop');
    const page = pages[`${request.method} ${url.pathname}`];
    const { body, recorded = [] } = page?.(visitorOf(request, visitors), url) ?? {
      body: { error: 'no page' },
    };
    response.writeHead(page ? 200 : 404, {
      'content-type': 'application/json',
      'x-recorded': recorded.map(uuid => uuid ?? 'refused').join(),
    });
    response.end(JSON.stringify(body));
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return `http://127.0.0.1:${typeof address === 'object' ? address?.port : address}`;
}

/** The id comes from a first-party cookie: a random one, never a name or a mail address. */
function visitorOf(request: IncomingMessage, visitors: Map<string, Visitor>): Visitor {
  const id = /visitor=([\w-]+)/.exec(request.headers.cookie ?? '')?.[1] ?? 'unknown';
  const known = visitors.get(id);
  if (known !== undefined) return known;
  const userAgent = request.headers['user-agent'] ?? '';
  const device = /mobile/i.test(userAgent) ? 'phone' : 'desktop';
  // Optimizely needs the browser's user agent to leave bots out.
  const visitor: Visitor = { id, attributes: { device, $opt_user_agent: userAgent }, cart: [] };
  visitors.set(id, visitor);
  return visitor;
}
