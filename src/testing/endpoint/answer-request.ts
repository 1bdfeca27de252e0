// SPDX-License-Identifier: Apache-2.0
import type { IncomingMessage, ServerResponse } from 'node:http';
import { isObject, type JsonObject } from '../../util/json.js';
import { readBody } from './read-body.js';

export interface Answer {
  readonly status: number;
  /** What the sender did wrong; without one the body is empty. */
  readonly message?: string;
}

/** Takes a batch that could be read, and says what to answer. */
export type Receive = (
  params: JsonObject,
  body: Buffer,
  request: IncomingMessage,
) => Answer | Promise<Answer>;

export const EVENTS_PATH = '/v1/events';
export const MAX_BODY_BYTES = 3_500_000;

/** Answers one request as Optimizely's Events API does. Never rejects. @returns what was answered */
export async function answerRequest(
  request: IncomingMessage,
  response: ServerResponse,
  receive: Receive,
): Promise<Answer> {
  let answer: Answer;
  try {
    // Before anything is answered: only a client that has written all of its request surely reads.
    const body = await readBody(request, MAX_BODY_BYTES);
    answer = await decide(request, body, receive);
  } catch (error) {
    // The client went away, or a function that the test gave has failed.
    answer = { status: 500, message: error instanceof Error ? error.message : 'the endpoint failed' };
  }
  const { status, message = '' } = answer;
  response.statusCode = status;
  if (status === 405) response.setHeader('allow', 'POST');
  if (message !== '') response.setHeader('content-type', 'text/plain; charset=utf-8');
  response.end(message);
  return answer;
}

function decide(
  request: IncomingMessage,
  body: Buffer | undefined,
  receive: Receive,
): Answer | Promise<Answer> {
  if (request.url?.split('?', 1)[0] !== EVENTS_PATH) {
    return { status: 404, message: `there is nothing but ${EVENTS_PATH} here` };
  }
  if (request.method !== 'POST') return { status: 405, message: 'POST the batch as JSON' };
  if (body === undefined)
    return { status: 400, message: `the body exceeds ${MAX_BODY_BYTES} bytes: split it` };
  const params = parse(body);
  if (params === undefined) return { status: 400, message: 'the body is not valid JSON' };
  if (!isObject(params) || !Array.isArray(params.visitors)) {
    return { status: 400, message: 'the body is not a JSON object with a list "visitors"' };
  }
  return receive(params, body, request);
}

/** @returns undefined if the body is not JSON */
function parse(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString());
  } catch {
    return undefined;
  }
}
