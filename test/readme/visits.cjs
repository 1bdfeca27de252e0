// SPDX-License-Identifier: Apache-2.0
//
// Loaded with --require beside loopback.cjs, for a program of the README that leaves recording to its reader: each request
// records an impression.
const { Server: HttpServer } = require('node:http');
const { createRequire } = require('node:module');
const { join } = require('node:path');

const readersRequire = createRequire(join(process.cwd(), 'app.js'));
const { emit } = HttpServer.prototype;
HttpServer.prototype.emit = function (name, ...rest) {
  if (name === 'request') {
    const { recordImpression } = readersRequire('opentelemetry-exporter-optimizely');
    const experiment = { flagKey: 'checkout_flow', ruleKey: 'checkout_flow_test', variationKey: 'one_page' };
    recordImpression({ userId: 'visitor-1', ...experiment });
  }
  return emit.call(this, name, ...rest);
};
