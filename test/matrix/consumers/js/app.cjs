// SPDX-License-Identifier: Apache-2.0
const { runScenario } = require('./scenario.cjs');

runScenario({
  api: require('@opentelemetry/api'),
  NodeSDK: require('@opentelemetry/sdk-node').NodeSDK,
  optimizely: require('opentelemetry-exporter-optimizely'),
  testing: require('opentelemetry-exporter-optimizely/testing'),
});
