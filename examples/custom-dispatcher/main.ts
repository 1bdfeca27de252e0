// SPDX-License-Identifier: Apache-2.0
//
// npm run example:custom-dispatcher: events leave through a gateway of the company's, without what must not leave.
// Read gateway-dispatcher.ts and redaction.ts first.
import {
  OptimizelySpanProcessor,
  recordConversion,
  recordImpression,
} from 'opentelemetry-exporter-optimizely';
import { startLocalEventsEndpoint } from 'opentelemetry-exporter-optimizely/testing';
import { datafileOf } from '../datafile.js';
import { environmentWith, localEndpoint } from '../local-endpoint.js';
import { arrivedAt, check, endWithin, ledgerLine, problemsAt } from '../outcome.js';
import { startGateway } from './gateway.js';
import { GatewayDispatcher } from './gateway-dispatcher.js';
import { beforeSend, notificationCenter } from './redaction.js';

endWithin(20_000);
await using endpoint = await startLocalEventsEndpoint({ datafile: datafileOf(42) });
Object.assign(process.env, environmentWith(endpoint.url));
await using gateway = await startGateway('token of the shop', 1);

const optimizely = new OptimizelySpanProcessor({
  datafile: datafileOf(42),
  endpoint: localEndpoint(), // leave it out: the gateway is then asked to forward to Optimizely
  eventDispatcher: new GatewayDispatcher({ gateway: gateway.url, token: () => 'token of the shop' }),
  beforeSend,
  notificationCenter,
});

const rule = { flagKey: 'checkout_flow', ruleKey: 'checkout_flow_test', variationKey: 'one_page' };
for (const userId of ['visitor-1', 'visitor-2', 'probe-of-the-load-balancer']) {
  recordImpression({ userId, ...rule, attributes: { device: 'phone', city: 'Oslo' } });
}
await optimizely.flush();
recordConversion({ userId: 'visitor-1', eventKey: 'purchase', tags: { revenue: 2490, coupon: 'ANNA-40' } });
await optimizely.shutdown();

const arrived = arrivedAt(endpoint);
const text = JSON.stringify(endpoint.batches.map(({ params }) => params));
const ledger = optimizely.ledger();
console.log(
  `\n  the gateway answered ${gateway.answers.join(', ')}; ${arrived.length} events arrived behind it`,
);
console.log(`  ${ledgerLine(ledger)}\n`);
check('the gateway was down at first, and the same request was made again', gateway.answers[0] === 503);
check('all 3 events of visitors arrived, each once', arrived.length === 3 && ledger.delivered === 3);
check('the probe was dropped by beforeSend', ledger.dropped.before_send === 1 && !text.includes('probe-'));
check('the attribute that beforeSend took out did not arrive', !/city|Oslo/.test(text) && /phone/.test(text));
check(
  'the tag that a LOG_EVENT listener took out did not arrive',
  !/coupon|ANNA/.test(text) && /2490/.test(text),
);
check('Optimizely would count every event', problemsAt(endpoint).length === 0);
