// SPDX-License-Identifier: Apache-2.0
import * as optimizely from 'opentelemetry-exporter-optimizely';
import { logger, options, record, tell, wanted } from './app.mjs';

const processor = new optimizely.OptimizelySpanProcessor({
  ...options,
  eventStore: wanted.storeDirectory && new optimizely.FileEventStore({ directory: wanted.storeDirectory }),
});
const targets = {
  records: {
    async shutdown() {
      // An application of its own, which has something to finish.
      await new Promise(resolve => setImmediate(resolve));
      words.record();
      await processor.shutdown();
    },
  },
  hangs: { shutdown: () => new Promise(() => {}) },
  tells: { shutdown: () => processor.shutdown().then(() => setImmediate(() => tell({ closed: true }))) },
};
const target = targets[wanted.target ?? 'tells'];
const { drainTimeoutMillis } = wanted;
const onSignal = () => tell({ draining: true });

/** A host with handlers of its own. */
function listen() {
  optimizely.shutdownOnSignals(target, { logger, drainTimeoutMillis });
  if (wanted.host !== 'none') process[wanted.host ?? 'on']('SIGTERM', onSignal);
}

const words = {
  record: () => tell({ uuids: record(optimizely) }),
  'make another': () => {
    new optimizely.OptimizelySpanProcessor(options);
    words.record();
  },
  'listen again': () => {
    process.removeAllListeners('SIGTERM');
    listen();
    tell({ listening: true });
  },
  'exit at SIGTERM': () => {
    process.on('SIGTERM', () => process.exit(7));
    tell({ listening: true });
  },
  exit: () => process.exit(7),
  throw: () => setImmediate(() => JSON.parse('{')),
  reject: () => void Promise.reject(new Error('of the host')),
  'throw, and go on': () => {
    process.on('uncaughtException', () => tell({ goesOn: true }));
    words.throw();
  },
  close: () => process.stdin.destroy(),
  ping: () => tell({ pong: true }),
};

process.on('exit', () => tell({ atExit: processor.ledger() }));
process.stdin.setEncoding('utf8').on('data', text => {
  for (const word of text.split('\n').filter(Boolean)) words[word]();
});
listen();
tell({ ready: true });
