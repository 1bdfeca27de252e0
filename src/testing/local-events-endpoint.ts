// SPDX-License-Identifier: Apache-2.0
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Datafile } from '../model/datafile-index.js';
import type { EventBatchParams } from '../model/log-event.js';
import { callback, type OptionTable, other } from '../util/options/option-table.js';
import { resolveOptions } from '../util/options/resolve-options.js';
import { takeOptions } from '../util/options/take-options.js';
import { DatafileIds } from './checks/datafile-ids.js';
import { checkBatch } from './checks/event-checks.js';
import { EventHistory } from './checks/event-history.js';
import { brokenConstraint } from './checks/field-constraints.js';
import { type Answer, answerRequest, EVENTS_PATH, type Receive } from './endpoint/answer-request.js';
import type { ReceivedBatch } from './received-batch.js';

export interface LocalEventsEndpointOptions {
  /** TCP port on 127.0.0.1. @default 0, any free one */
  port?: number | undefined;
  /** The datafile against which ids are checked, as text or object. @default ids are not looked up */
  datafile?: Datafile | undefined;
  /**
   * Answers a batch otherwise: return a status from 200 to 599, or undefined for Optimizely's own answer, which the
   * batch's `statusCode` has. It is asked before the batch joins `batches`. A throw, or anything else it returns, is
   * answered 500.
   */
  respond?: ((batch: ReceivedBatch) => number | undefined) | undefined;
  /** Milliseconds since the epoch. @default the system's clock */
  now?: (() => number) | undefined;
}

export const LOCAL_EVENTS_ENDPOINT = {
  name: 'startLocalEventsEndpoint',
  example: 'startLocalEventsEndpoint({ datafile })',
  table: {
    port: other<number>(),
    datafile: other<Datafile>(),
    respond: callback<(batch: ReceivedBatch) => number | undefined>('{ respond: batch => 503 }'),
    now: { ...callback<() => number>('{ now: () => Date.now() }'), unit: 'ms' },
  } satisfies OptionTable<LocalEventsEndpointOptions>,
};

/** A stand-in for Optimizely's Events API on this machine. */
export interface LocalEventsEndpoint {
  /** `http://127.0.0.1:PORT/v1/events` */
  readonly url: string;
  /** In order of arrival. Kept until the endpoint is garbage, so meant for tests and development. */
  readonly batches: readonly ReceivedBatch[];
  /** Ends all connections and frees the port. Never rejects; further calls do nothing. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * Starts a server that answers like Optimizely's Events API and says of each event why Optimizely, which answers 204
 * to almost anything, would not count it. 204: a batch, however strange; 400: a body above 3,500,000 bytes, not JSON,
 * or without a list `visitors`; 404: another path; 405: another method than the documented POST. Only a batch that was
 * read joins `batches`; other answers say in their body what was wrong. A request with `X-Optimizely-Strict: true` gets
 * 400 for a missing id, or a timestamp, revenue or value of the wrong kind, too.
 *
 * @throws (rejects) TypeError: the datafile is not a JSON object; Node's errors: the port can't be used
 */
export async function startLocalEventsEndpoint(
  options: LocalEventsEndpointOptions = {},
): Promise<LocalEventsEndpoint> {
  const { options: taken, logger } = takeOptions(LOCAL_EVENTS_ENDPOINT, options);
  const resolved = resolveOptions(LOCAL_EVENTS_ENDPOINT.table, taken, logger);
  const { port = 0, datafile } = resolved;
  const respond = resolved.respond?.bind(options) ?? (() => undefined);
  const now = resolved.now ?? (() => Date.now());
  const index = datafile === undefined ? undefined : new DatafileIds(datafile);
  const history = new EventHistory();
  const batches: ReceivedBatch[] = [];

  const receive: Receive = (params, body, { headers }) => {
    const receivedAt = now();
    const checked = checkBatch(params, { index, now: receivedAt });
    const broken = headers['x-optimizely-strict'] === 'true' ? brokenConstraint(checked) : undefined;
    const asDocumented: Answer = broken ? { status: 400, message: broken.message } : { status: 204 };
    const batch = {
      receivedAt,
      statusCode: asDocumented.status,
      headers,
      byteLength: body.length,
      params: params as unknown as EventBatchParams,
      ...checked,
    };
    const answer = ask(respond, batch) ?? asDocumented;
    batch.statusCode = answer.status;
    if (answer.status < 300) for (const event of batch.events) history.add(event);
    batches.push(batch);
    return answer;
  };
  const server = createServer((request, response) => void answerRequest(request, response, receive));
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');

  let closed: Promise<void> | undefined;
  const close = () => {
    closed ??= new Promise(resolve => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
    return closed;
  };
  const { port: bound } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${bound}${EVENTS_PATH}`, batches, close, [Symbol.asyncDispose]: close };
}

function ask(
  respond: (batch: ReceivedBatch) => number | undefined,
  batch: ReceivedBatch,
): Answer | undefined {
  let status: number | undefined;
  try {
    status = respond(batch);
  } catch {
    return { status: 500, message: 'respond threw' };
  }
  if (status === undefined || status === null) return undefined;
  if (Number.isInteger(status) && status >= 200 && status <= 599) return { status };
  return { status: 500, message: 'respond must return a whole number from 200 to 599, or undefined' };
}
