// SPDX-License-Identifier: Apache-2.0
const api = require('@opentelemetry/api');
const { NodeSDK } = require('@opentelemetry/sdk-node');
const optimizely = require('opentelemetry-exporter-optimizely');
const { processor } = require('opentelemetry-exporter-optimizely/register');
const { recordThree } = require('./scenario.cjs');

new NodeSDK({ spanProcessors: [processor] }).start();
process.stdout.write(JSON.stringify(recordThree(api, optimizely)));
