// SPDX-License-Identifier: Apache-2.0
//
// npm run example:webhook-datafile: a service that starts without a datafile and is told of each by Optimizely's webhook.
// Read webhook.ts first.
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  NotificationCenter,
  NotificationType,
  OptimizelySpanProcessor,
  recordImpression,
  StaticProjectConfigManager,
} from 'opentelemetry-exporter-optimizely';
import { startLocalEventsEndpoint } from 'opentelemetry-exporter-optimizely/testing';
import { datafileOf } from '../datafile.js';
import { environmentWith, localEndpoint } from '../local-endpoint.js';
import { arrivedAt, check, endWithin, ledgerLine, problemsAt } from '../outcome.js';
import { Cdn, callWebhook, datafileUpdated } from './optimizely.js';
import { datafileWebhook } from './webhook.js';

const SECRET = 'shown once, when the webhook was made';

endWithin(20_000);
await using endpoint = await startLocalEventsEndpoint({ datafile: datafileOf(42) });
Object.assign(process.env, environmentWith(endpoint.url));

// The service. One of yours fetches the datafile at its start too, and does not wait for a change.
const projectConfigManager = new StaticProjectConfigManager();
const notificationCenter = new NotificationCenter();
const optimizely = new OptimizelySpanProcessor({
  projectConfigManager,
  endpoint: localEndpoint(), // leave it out to send to Optimizely
  notificationCenter,
});

const cdn = new Cdn();
const server = createServer((request, response) => {
  if (request.method === 'POST' && request.url === '/webhooks/optimizely') webhook(request, response);
  else if (request.url === '/datafile.json') response.end(JSON.stringify(cdn.serve()));
  else response.writeHead(404).end();
});
server.listen(0, '127.0.0.1');
await once(server, 'listening');
const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
const webhook = datafileWebhook({
  secret: SECRET,
  datafileUrl: `${origin}/datafile.json`,
  environment: 'Production',
  projectConfigManager,
  pauseMillis: 10, // of this example: leave it out
});

// What happens to it.
const flushes: string[] = [];
notificationCenter.addNotificationListener(NotificationType.LOG_EVENT, ({ params }, { cause }) => {
  flushes.push(`${params.visitors.length} of revision ${params.revision} by ${cause}`);
});
let inForce = (_revision: string) => {};
notificationCenter.addNotificationListener(NotificationType.OPTIMIZELY_CONFIG_UPDATE, ({ revision }) =>
  inForce(revision),
);
const call = (body: string, secret = SECRET) => callWebhook(`${origin}/webhooks/optimizely`, secret, body);
async function publish(revision: number): Promise<void> {
  cdn.publish(revision);
  const updated = new Promise<string>(resolve => {
    inForce = resolve;
  });
  const status = await call(datafileUpdated(revision));
  const now = await updated;
  console.log(`  webhook: revision ${revision}, answered ${status}; in force ${now}`);
  check(`revision ${revision} is in force`, status === 204 && now === String(revision));
}
const rule = { flagKey: 'checkout_flow', ruleKey: 'checkout_flow_test', variationKey: 'one_page' };
const show = (userId: string) => recordImpression({ userId, ...rule });

console.log();
for (const visitor of ['visitor-1', 'visitor-2', 'visitor-3']) show(visitor);
console.log(`  no datafile yet: ${optimizely.ledger().pending} events are held`);
check('nothing was sent', endpoint.batches.length === 0 && optimizely.ledger().pending === 3);

const refusals = [
  await call(datafileUpdated(99), 'a guess'),
  await call('x'.repeat(100_000)),
  await call('no JSON'),
];
console.log(`  webhook: a wrong signature, too long a body, no JSON, answered ${refusals.join(', ')}`);
check('they are refused', refusals.join() === '401,413,400');
const otherEnvironment = await call(datafileUpdated(99, 'Staging'));

await publish(42);
check('the events that were held have ids now, and wait for their batch', flushes.length === 0);
show('visitor-4');
await publish(43);
show('visitor-5');
await optimizely.shutdown();
server.close();
server.closeAllConnections();

console.log(`\n  sent: ${flushes.join('; ')}`);
console.log(`  ${ledgerLine(optimizely.ledger())}\n`);
check('another environment was acknowledged', otherEnvironment === 204);
check('the datafile was fetched for ours alone, again where the CDN was behind', cdn.fetches === 3);
check('the new revision sent the events of the old one', flushes[0] === '4 of revision 42 by revision');
check('what came after it has the new one', flushes[1] === '1 of revision 43 by shutdown');
check('all 5 events arrived', arrivedAt(endpoint).length === 5 && optimizely.ledger().delivered === 5);
check('Optimizely would count every event', problemsAt(endpoint).length === 0);
