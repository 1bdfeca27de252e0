// SPDX-License-Identifier: Apache-2.0
const api = require('@opentelemetry/api');
const { NodeSDK } = require('@opentelemetry/sdk-node');
const optimizely = require('opentelemetry-exporter-optimizely');
const testing = require('opentelemetry-exporter-optimizely/testing');
const { runScenario } = require('./scenario.cjs');

test('three events reach the endpoint', () => runScenario({ api, NodeSDK, optimizely, testing }));
