// SPDX-License-Identifier: Apache-2.0
import type { EventContext } from '../model/event-context.js';
import type { ExportBatch } from '../model/event-exporter.js';
import type { Runtime } from '../model/runtime.js';
import { asStored, joinTexts, serializedEvent, withSettlement } from '../util/event-text.js';
import { Outstanding } from '../util/outstanding.js';
import { Attempt } from './attempt.js';
import { BatchBody } from './batch-body.js';
import { BatchProgress, Chunk } from './chunk.js';
import { makeLogEvent } from './log-event.js';
import type { RequestScopes } from './request-scopes.js';

const NO_CONTEXT: EventContext = {
  region: 'US',
  accountId: '',
  projectId: '',
  revision: '',
  clientName: '',
  clientVersion: '',
  anonymizeIP: false,
  botFiltering: undefined,
};

const NO_EVENTS: ExportBatch = {
  ...{ context: NO_CONTEXT, events: [], byteLength: 0, cause: 'flush' },
  ...{ notifyLogEvent: ignore, settle: ignore },
};

/**
 * Makes one object of each kind that events and requests are made of; none is of an event that was recorded. While they
 * are kept, so is V8's optimized code: a full collection discards all code whose hidden classes have no object left, and an
 * idle service has neither events nor requests. Without them the first 10,000 events after such a collection took twice
 * the time.
 */
export function makeSpecimens(runtime: Runtime, scopes: RequestScopes): readonly unknown[] {
  const progress = new BatchProgress(NO_EVENTS, new Outstanding(), ignore);
  const chunk = new Chunk(progress, []);
  const logEvent = makeLogEvent('', {}, new BatchBody(NO_CONTEXT, []));
  const attempt = new Attempt(chunk, 0, runtime, scopes, { answered: ignore });
  const optionsGiven: unknown[] = [];
  const dispatchEvent = (_: unknown, options: unknown) => {
    optionsGiven.push(options);
    return { statusCode: 204 };
  };
  attempt.make({ dispatchEvent }, logEvent);
  const timer = runtime.setTimer(ignore, 1);
  timer.clear();
  const event = serializedEvent('conversion', NO_CONTEXT, '{}', 0, true);
  const events = [event, asStored(event, 0), withSettlement(event, { settled: ignore })];
  return [...events, joinTexts([event], '', ''), chunk, logEvent, attempt, timer, ...optionsGiven];
}

function ignore(): void {}
