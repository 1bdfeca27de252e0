// SPDX-License-Identifier: Apache-2.0
//
// Started by the tests with what it is to do, as JSON: asks for a datafile, sends an event, or both; or makes a
// dispatcher and sends nothing.
import { createRequire } from 'node:module';
import {
  OptimizelySpanProcessor,
  PollingProjectConfigManager,
  UndiciEventDispatcher,
} from 'opentelemetry-exporter-optimizely';

const wanted = JSON.parse(process.argv[2]);
const tell = message => process.stdout.write(`${JSON.stringify(message)}\n`);
const at = level => line => tell({ line: `${level}: ${line}` });
const logger = { error: at('error'), warn: at('warn'), info: () => {}, debug: () => {} };
const { requestTimeoutMillis } = wanted;

const manager =
  wanted.urlTemplate &&
  new PollingProjectConfigManager({
    sdkKey: 'key',
    urlTemplate: wanted.urlTemplate,
    requestTimeoutMillis,
    logger,
  });

if (wanted.endpoint && manager) {
  const processor = new OptimizelySpanProcessor({
    projectConfigManager: manager,
    endpoint: wanted.endpoint,
    logger,
  });
  processor.recordConversion({ userId: 'a', eventKey: 'purchase' });
  // Not awaited: a bundle in CommonJS has no `await` at its top level.
  void processor.shutdown().then(() => tell({ ledger: processor.ledger() }));
} else if (wanted.endpoint) {
  const dispatcher = new UndiciEventDispatcher({ requestTimeoutMillis, logger });
  const logEvent = { httpVerb: 'POST', url: wanted.endpoint, body: '{}' };
  void dispatcher.dispatchEvent(logEvent).then(({ statusCode }) => tell({ statusCode }));
}
if (wanted.sendsNothing) {
  const { cache } = createRequire(import.meta.url);
  const isLoaded = () => Object.keys(cache).some(path => /[\\/]undici[\\/]index\.js$/.test(path));
  let timers = 0;
  const { setTimeout } = globalThis;
  globalThis.setTimeout = (...args) => {
    timers++;
    return setTimeout(...args);
  };
  new UndiciEventDispatcher({ logger });
  tell({ timers });
  process.on('exit', () => tell({ undiciIsLoaded: isLoaded() }));
  if (wanted.livesUntilUndiciIsLoaded) {
    const look = setInterval(() => {
      if (isLoaded()) clearInterval(look);
    }, 10);
  }
}
tell({ ran: true });
