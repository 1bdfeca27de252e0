// SPDX-License-Identifier: Apache-2.0
import { diag } from '@opentelemetry/api';
import * as optimizely from 'opentelemetry-exporter-optimizely';
import { tell, wanted } from '../exit/app.mjs';

process.on('warning', ({ name, code, message }) => tell({ warning: { name, code, message } }));

const every = method => ({ error: method, warn: method, info: method, debug: method });
const broken = () => {
  throw new Error('of the log service');
};
const getter = { get: broken };
const thenable = then => Object.defineProperty({}, 'then', { value: then });

const loggers = {
  works: every(message => tell({ line: message })),
  throws: every(broken),
  rejects: every(async () => broken()),
  'gives a thenable that rejects': every(() => thenable((_resolve, reject) => reject(new Error()))),
  'gives an object that cannot be read': every(() => Object.defineProperty({}, 'then', getter)),
  'never answers': every(() => new Promise(() => {})),
  'cannot be read': Object.defineProperties({}, every(getter)),
};
const logger = loggers[wanted.logger];
if (wanted.diag) diag.setLogger({ ...loggers[wanted.diag], verbose() {} });

const happenings = {
  'a bad datafile': () => new optimizely.OptimizelySpanProcessor({ datafile: '{', logger }),
  'a bad datafile of a manager': () => new optimizely.StaticProjectConfigManager({ datafile: '{', logger }),
  'an event store that cannot be written': () =>
    new optimizely.OptimizelySpanProcessor({
      ...wanted.processor,
      logger,
      eventStore: new optimizely.FileEventStore({ directory: '/dev/null/below' }),
    }),
  'an event without a processor': () =>
    optimizely.recordConversion({ userId: 'visitor', eventKey: 'purchase' }),
  'a late event': async () => {
    const processor = new optimizely.OptimizelySpanProcessor({ ...wanted.processor, logger });
    await processor.shutdown();
    optimizely.recordConversion({ userId: 'visitor', eventKey: 'purchase' });
  },
};
for (let times = 0; times < 3; times++) await happenings[wanted.happens]();
setTimeout(() => tell({ alive: true }), 0);
