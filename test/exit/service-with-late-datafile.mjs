// SPDX-License-Identifier: Apache-2.0
import * as optimizely from 'opentelemetry-exporter-optimizely';
import { logger, options, record, tell, wanted } from './app.mjs';

const { datafile, ...others } = options;
const projectConfigManager = new optimizely.StaticProjectConfigManager();
const processor = new optimizely.OptimizelySpanProcessor({ ...others, projectConfigManager });
optimizely.shutdownOnSignals(processor, { logger, drainTimeoutMillis: wanted.drainTimeoutMillis });
process.on('SIGTERM', () => tell({ draining: true }));

const words = {
  record: () => tell({ uuids: record(optimizely) }),
  'set datafile': () => projectConfigManager.setDatafile(datafile),
  close: () => process.stdin.destroy(),
};
process.stdin.setEncoding('utf8').on('data', text => {
  for (const word of text.split('\n').filter(Boolean)) words[word]();
});
tell({ ready: true });
