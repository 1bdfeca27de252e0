// Runs Optimizely's SDK: each request that it makes goes, as the same bytes, to every URL given.
//
// node optimizely-sender.mjs PACKAGE DATAFILE COUNT URL...
import { readFileSync } from 'node:fs';

const [, , name, datafilePath, count, ...urls] = process.argv;
const sdk = await import(name);
const datafile = readFileSync(datafilePath, 'utf8');

const sent = [];
const eventDispatcher = {
  dispatchEvent({ params }, callback) {
    const body = JSON.stringify(params);
    const done = Promise.all(
      urls.map(async url => {
        const headers = { 'content-type': 'application/json' };
        const { ok, status } = await fetch(url, { method: 'POST', headers, body });
        if (!ok) throw new Error(`${url} answered ${status}`);
      }),
    ).then(() => ({ statusCode: 204 }));
    sent.push(done);
    done.then(callback, () => {});
    return done;
  },
};

const client = sdk.createInstance(
  sdk.createBatchEventProcessor === undefined
    ? { datafile, eventDispatcher, eventBatchSize: 100, eventFlushInterval: 60_000, logLevel: 'error' }
    : {
        projectConfigManager: sdk.createStaticProjectConfigManager({ datafile }),
        eventProcessor: sdk.createBatchEventProcessor({
          eventDispatcher,
          batchSize: 100,
          flushInterval: 60_000,
        }),
      },
);
await client.onReady();
for (let n = 0; n < Number(count) / 2; n++) {
  const user = client.createUserContext(`${name}-${n} é`, { plan: 'gold', age: n });
  user.decide(n % 5 === 0 ? 'nothing_decided' : 'checkout_flow');
  user.trackEvent('purchase', { revenue: 4200 + n, value: 1.5, sku: 'ä', list: [1, null] });
}
await client.close();
await Promise.all(sent);
