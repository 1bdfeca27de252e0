// SPDX-License-Identifier: Apache-2.0
import { Agent, request } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { decode } from '../support/otlp-schema.js';
import type { ReceiptBook } from './receipt-book.js';
import { makeRequest, type SenderKind, type SentRequest } from './sent-request.js';

const LONGEST_PAUSE_MILLIS = 1_000;
const ANSWER_MILLIS = 15_000;

export interface SenderOptions {
  readonly kind: SenderKind;
  readonly events: number;
  readonly eventsPerRequest: number;
  readonly requestsAtOnce: number;
  /** One event in so many is refused by the endpoint. */
  readonly poisonEvery: number;
  /** Of the gateways: a request that is sent again goes to the next one. */
  readonly ports: readonly number[];
  readonly book: ReceiptBook;
  /** A gateway says with 503 when to come again; a Collector does not. */
  readonly isGateway: boolean;
  /** Awaited before each new request. */
  readonly turn?: (() => Promise<void>) | undefined;
  /** Aborts all that is not answered. */
  readonly signal: AbortSignal;
}

export interface Answers {
  /** By status, or `none` where the connection ended or nothing came. */
  readonly counts: Map<string, number>;
}

/** Sends its events, and each request again until it has its receipt. */
export async function sendAll(options: SenderOptions, answers: Answers): Promise<void> {
  const { kind, events, eventsPerRequest, requestsAtOnce, poisonEvery, book, turn, signal } = options;
  const agent = new Agent({ keepAlive: true, maxSockets: requestsAtOnce });
  let next = 0;
  const send = async () => {
    for (;;) {
      await turn?.();
      if (next >= events || signal.aborted) return;
      const first = next;
      const count = Math.min(eventsPerRequest, events - first);
      next += count;
      const sent = makeRequest(kind, first, count);
      for (const [index, uuid] of sent.uuids.entries())
        book.add(uuid, (first + index) % poisonEvery === poisonEvery - 1, sent.contents[index]);
      await sendUntilTaken(sent, options, agent, answers);
    }
  };
  await Promise.all(Array.from({ length: requestsAtOnce }, send));
  agent.destroy();
}

async function sendUntilTaken(
  sent: SentRequest,
  options: SenderOptions,
  agent: Agent,
  answers: Answers,
): Promise<void> {
  const { book, ports, signal } = options;
  for (let attempt = 0; !signal.aborted; attempt++) {
    const answer = await post(sent, ports[attempt % ports.length] as number, agent, signal);
    const name = answer === undefined ? 'none' : String(answer.status);
    answers.counts.set(name, (answers.counts.get(name) ?? 0) + 1);
    if (answer !== undefined) {
      if (answer.status === 200 || answer.status === 204) {
        book.receipt(sent.uuids, refusedIn(sent, answer.body));
        return;
      }
      if (answer.status !== 503)
        book.violate(`${sent.path} was answered ${answer.status}: ${String(answer.body)}`);
      else if (options.isGateway && !(Number(answer.retryAfter) >= 1))
        book.violate('a 503 had no Retry-After');
    }
    // Sooner than asked: the receipts are to bear it.
    await pause(Math.min(LONGEST_PAUSE_MILLIS, 50 * 2 ** attempt), undefined, { signal }).catch(() => {});
  }
}

interface Answer {
  readonly status: number;
  readonly retryAfter: string | undefined;
  readonly body: Buffer;
}

/** @returns undefined if no whole answer came */
function post(
  sent: SentRequest,
  port: number,
  agent: Agent,
  signal: AbortSignal,
): Promise<Answer | undefined> {
  return new Promise(resolve => {
    const { path, mediaType, body } = sent;
    const headers = { 'content-type': mediaType, 'content-length': body.length };
    const outgoing = request({ host: '127.0.0.1', port, path, method: 'POST', headers, agent, signal });
    outgoing.setTimeout(ANSWER_MILLIS, () => outgoing.destroy());
    outgoing.on('error', () => resolve(undefined));
    outgoing.on('response', response => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', () => resolve(undefined));
      response.on('close', () => resolve(undefined));
      response.on('end', () => {
        const { statusCode = 0, headers: given } = response;
        resolve({ status: statusCode, retryAfter: given['retry-after'], body: Buffer.concat(chunks) });
      });
    });
    outgoing.end(body);
  });
}

function refusedIn({ path, mediaType }: SentRequest, body: Buffer): number {
  if (path === '/v1/events') return 0;
  const [type, member] =
    path === '/v1/traces'
      ? (['ExportTraceServiceResponse', 'rejectedSpans'] as const)
      : (['ExportLogsServiceResponse', 'rejectedLogRecords'] as const);
  const message = mediaType === 'application/json' ? JSON.parse(body.toString()) : decode(type, body);
  const { partialSuccess = {} } = message as { partialSuccess?: Record<string, unknown> };
  return Number(partialSuccess[member] ?? 0);
}
