// SPDX-License-Identifier: Apache-2.0

/**
 * What each room of packages/gateway/src/ may import besides itself: the second table of docs/architecture.md.
 * `exporter` is what the exporter's package exports.
 */
module.exports = {
  model: ['exporter'],
  util: ['model', 'exporter', 'node'],
  otlp: ['model', 'util', 'protobuf'],
  'events-api': ['model', 'util', 'exporter'],
  config: ['model', 'util', 'ajv', 'node'],
  receipt: ['model', 'exporter'],
  jetstream: ['model', 'util', 'events-api', 'exporter', 'nats', 'node'],
  projects: ['model', 'util', 'receipt', 'exporter', 'api', 'node'],
  intake: ['model', 'util', 'events-api', 'projects', 'receipt', 'exporter'],
  server: ['model', 'util', 'exporter', 'api', 'metrics', 'pino', 'node'],
  options: ['model', 'util', 'config', 'exporter', 'node'],
  cli: ['model', 'util', 'config', 'options', 'root', 'node'],
};
