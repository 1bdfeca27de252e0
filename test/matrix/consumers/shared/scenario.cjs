// SPDX-License-Identifier: Apache-2.0
const assert = require('node:assert/strict');
const { subscribe, unsubscribe } = require('node:diagnostics_channel');
const { createRequire } = require('node:module');
const datafile = require('./datafile.json');

const datafilePath = require.resolve('./datafile.json');

const REQUEST_CREATED = 'undici:request:create';

/** What an application does with the package, whichever way it has loaded it. */
async function runScenario({ api, NodeSDK, optimizely, testing }) {
  const endpoint = await testing.startLocalEventsEndpoint({ datafile });
  const processor = new optimizely.OptimizelySpanProcessor({ datafile, endpoint: endpoint.url });
  const sdk = new NodeSDK({ spanProcessors: [processor] });
  sdk.start();

  const { isTracingSuppressed } = coreOfTheSdk();
  const untraced = [];
  const requestCreated = () => untraced.push(isTracingSuppressed(api.context.active()));
  subscribe(REQUEST_CREATED, requestCreated);

  const uuids = recordThree(api, optimizely);
  await sdk.shutdown();
  unsubscribe(REQUEST_CREATED, requestCreated);
  await endpoint.close();

  assert.deepEqual(untraced, [true], 'one request, and untraced for this SDK');
  expectDelivered(endpoint, uuids);
  const { recorded, delivered, pending, dropped } = processor.ledger();
  assert.deepEqual(
    { recorded, delivered, pending, dropped },
    { recorded: 3, delivered: 3, pending: 0, dropped: {} },
  );
}

/** An impression and a conversion by the helpers, a conversion by code that does not know the package. */
function recordThree({ trace }, { recordImpression, recordConversion }) {
  const raw = '7f0c1d52-4c1f-4a0b-9a53-0d6f4c1c9b11';
  const helpers = trace.getTracer('shop').startActiveSpan('request', span => {
    assert.equal(span.isRecording(), true, 'the SDK that the package sees is the application’s');
    const shown = recordImpression({
      userId: 'visitor',
      ruleKey: 'banner',
      variationKey: 'treatment',
      timestamp: Date.now() - 1_000,
    });
    const bought = recordConversion({ userId: 'visitor', eventKey: 'purchase', tags: { revenue: 4200 } });
    span.addEvent('optimizely.conversion', {
      'feature_flag.context.id': 'visitor',
      'optimizely.event.key': 'purchase',
      'optimizely.event.uuid': raw,
    });
    span.end();
    return [shown, bought];
  });
  return [...helpers, raw];
}

function expectDelivered(endpoint, uuids) {
  const events = endpoint.batches.flatMap(batch => batch.events);
  assert.deepEqual(
    events.flatMap(({ problems }) => problems.map(({ message }) => message)),
    [],
  );
  assert.deepEqual(events.map(({ uuid }) => uuid).sort(), [...uuids].sort());
}

/** Where the SDK itself finds it: strict installs don't show it to the application. */
function coreOfTheSdk() {
  return createRequire(require.resolve('@opentelemetry/sdk-node'))('@opentelemetry/core');
}

module.exports = { datafile, datafilePath, runScenario, recordThree, expectDelivered };
