// SPDX-License-Identifier: Apache-2.0
import { send } from '../harness/child.js';
import { traceRequests } from './requests.js';
import { Senders } from './senders.js';

/** As many at once as OpenTelemetry's JavaScript exporters send. */
const AT_ONCE = 30;

// One service of a fleet: it sends its requests, of two events each, when it is told to.
const [port, requests] = process.argv.slice(2).map(Number) as [number, number];
const make = traceRequests(2, 1);
const senders = new Senders(port, AT_ONCE);
process.on('message', async () => {
  await senders.sendAll(requests, make);
  await send('done');
});
process.on('disconnect', () => process.exit());
await send('ready');
