// SPDX-License-Identifier: Apache-2.0
import { createRequire } from 'node:module';
import * as esm from 'opentelemetry-exporter-optimizely';
import { logger, options, record, stayUp, tell, wanted } from './app.mjs';

const cjs = createRequire(import.meta.url)('opentelemetry-exporter-optimizely');
tell({ copies: new Set([esm.shutdownOnSignals, cjs.shutdownOnSignals]).size });
stayUp();

if (wanted.throwingLogger) {
  const error = () => {
    throw new Error('of a logger');
  };
  esm.shutdownOnSignals({ shutdown: () => Promise.reject(new Error()) }, { logger: { ...logger, error } });
}

const uuids = [esm, esm, cjs].flatMap(copy => {
  const processor = new copy.OptimizelySpanProcessor(options);
  copy.shutdownOnSignals(processor);
  return record(processor);
});
// Neither failure may cost the others their flush, or the process its end.
esm.shutdownOnSignals({ shutdown: () => Promise.reject(new TypeError('of a target')) }, { logger });
cjs.shutdownOnSignals({
  shutdown() {
    throw new RangeError('of a target');
  },
});
tell({ uuids, listeners: process.listenerCount('SIGTERM') });
