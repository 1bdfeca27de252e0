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
    client.track('purchase', visitor);
    span.end();
  });
  await client.close();
};
