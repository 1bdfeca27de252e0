// SPDX-License-Identifier: Apache-2.0
const { runApp } = require('./run-app.cjs');

runApp({
  api: require('@opentelemetry/api'),
  optimizely: require('opentelemetry-exporter-optimizely'),
  require,
});
