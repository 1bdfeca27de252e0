// SPDX-License-Identifier: Apache-2.0

/** An application whose SDK may have another copy of the API. Tells what it was warned of. */
exports.runApp = ({ api, optimizely, require }) => {
  const { sdk, datafile, ...wanted } = JSON.parse(process.argv[2]);
  const { NodeSDK } = require(sdk);
  const said = [];
  const logger = { error() {}, info() {}, debug() {}, warn: line => said.push(line) };
  const log = {
    error() {},
    info() {},
    debug() {},
    verbose() {},
    warn: (...parts) => said.push(parts.join(': ')),
  };

  if (wanted.diagOfTheApp) api.diag.setLogger(log);
  if (wanted.diagOfTheSdk) require(`${sdk}/../api`).diag.setLogger(log);

  const eventDispatcher = { dispatchEvent: async () => ({ statusCode: 204 }) };
  const options = { datafile, eventDispatcher, ...(wanted.logger && { logger }) };
  const spanProcessors = [1, 2].map(() => new optimizely.OptimizelySpanProcessor(options));
  new NodeSDK({ spanProcessors }).start();

  setImmediate(async () => {
    const started = said.length;
    api.trace.getTracer('app').startActiveSpan('request', span => {
      optimizely.recordConversion({ userId: 'v', eventKey: 'purchase' });
      span.end();
    });
    process.stdout.write(JSON.stringify({ started, said }));
    await Promise.all(spanProcessors.map(processor => processor.forceFlush()));
    // Warnings of the process come in the next turn.
    setImmediate(() => process.exit(0));
  });
};
