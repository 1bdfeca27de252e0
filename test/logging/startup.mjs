// SPDX-License-Identifier: Apache-2.0
import { diag } from '@opentelemetry/api';
import { NodeSDK } from '@opentelemetry/sdk-node';
import * as optimizely from 'opentelemetry-exporter-optimizely';
import { tell, wanted } from '../exit/app.mjs';

process.on('warning', ({ code, message }) => tell({ warning: { code, message } }));
// What OpenTelemetry's console logger writes to.
process.stdout.write = line => {
  tell({ line, level: 'stdout' });
  return true;
};
const { write } = process.stderr;
process.stderr.write = (line, ...rest) => {
  if (!line.startsWith('(')) tell({ line, level: 'stderr' });
  return write.call(process.stderr, line, ...rest);
};

const loggerNamed = name => {
  const at =
    level =>
    (...texts) =>
      tell({ line: texts.join(' '), level, to: name });
  return { error: at('error'), warn: at('warn'), info: at('info'), debug: at('debug'), verbose() {} };
};
const record = () => optimizely.recordConversion({ userId: 'visitor', eventKey: 'purchase' });
const construct = () => new optimizely.OptimizelySpanProcessor(wanted.processor);
const turn = () => new Promise(resolve => setImmediate(resolve));

const ways = {
  'NodeSDK sets a logger': () => new NodeSDK({ spanProcessors: [construct()] }).start(),
  'the next statement sets a logger': () => {
    construct();
    diag.setLogger(loggerNamed('first'));
  },
  'a logger is set before the first event': async () => {
    construct();
    await turn();
    diag.setLogger(loggerNamed('first'));
    record();
    await turn();
    diag.setLogger(loggerNamed('second'), { suppressOverrideMessage: true });
    record();
  },
  'a logger is set after an event': async () => {
    construct();
    record();
    await turn();
    diag.setLogger(loggerNamed('first'));
    record();
  },
  'a logger is set before': () => {
    diag.setLogger(loggerNamed('first'));
    construct();
    diag.setLogger(loggerNamed('second'), { suppressOverrideMessage: true });
    record();
  },
  'the logger that is set throws': async () => {
    construct();
    const { error } = { error: () => JSON.parse('{') };
    diag.setLogger({ ...loggerNamed('first'), error, warn: error, info: error });
    await turn();
  },
  'the option logger is diag, set later': () => {
    new optimizely.OptimizelySpanProcessor({ ...wanted.processor, logger: diag });
    diag.setLogger(loggerNamed('first'));
  },
  'the option logger is one of diag, set later': () => {
    const logger = diag.createComponentLogger({ namespace: 'shop' });
    new optimizely.OptimizelySpanProcessor({ ...wanted.processor, logger });
    diag.setLogger(loggerNamed('first'));
  },
  'no logger is set': construct,
  'no logger is set, and an event is recorded at once': () => {
    construct();
    record();
  },
};
await ways[wanted.way]();
await turn();
tell({ alive: true });
process.exit();
