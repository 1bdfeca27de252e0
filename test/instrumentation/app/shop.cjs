// SPDX-License-Identifier: Apache-2.0
//
// The application: nothing here knows of OpenTelemetry's exporter for Optimizely.
const { trace } = require('@opentelemetry/api');

/** @param sdk what the application imports of `@optimizely/optimizely-sdk`, version 5 or 6 */
exports.serve = async (sdk, visitor) => {
  const datafile = process.env.TEST_DATAFILE;
  const client = sdk.createInstance(
    sdk.createStaticProjectConfigManager === undefined
      ? { datafile, odpOptions: { disabled: true } }
      : {
          projectConfigManager: sdk.createStaticProjectConfigManager({ datafile }),
          eventProcessor: sdk.createBatchEventProcessor(),
        },
  );
  await trace.getTracer('shop').startActiveSpan('request', async span => {
    await new Promise(resolve => setImmediate(resolve));
    client.createUserContext(visitor).decide('search');
    // Optimizely counts a conversion where the decision is earlier, in milliseconds, as with people it is.
    const decidedAt = Date.now();
    while (Date.now() <= decidedAt) await new Promise(resolve => setImmediate(resolve));
    client.track('purchase', visitor);
    span.end();
  });
  await client.close();
};
