// SPDX-License-Identifier: Apache-2.0
import type { IncomingMessage, ServerResponse } from 'node:http';
import {
  type Answer,
  answerRequest,
  brokenConstraint,
  EVENTS_PATH,
} from 'opentelemetry-exporter-optimizely/testing';
import type { InspectedBatch } from '../inspection/inspected-batch.js';
import type { Inspection } from '../inspection/inspection.js';
import { readSenderNotes } from '../inspection/sender-notes.js';
import type { JsonObject } from '../util/json.js';
import { BodyBeginning } from './body-beginning.js';
import { refusalHint } from './refusal-hint.js';

/** Passes a batch on. @returns the status of the answer, undefined if there was none */
export type Forward = (body: string, options: { readonly strict: boolean }) => Promise<number | undefined>;

export interface IntakeOptions {
  readonly inspection: Inspection;
  /** Undefined if nothing leaves this machine. */
  readonly forward?: Forward | undefined;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly onBatch?: ((batch: InspectedBatch) => void) | undefined;
  readonly onRefused?: ((answer: Answer) => void) | undefined;
}

/** The Events endpoint: answers as Optimizely does, or with what Optimizely said where batches are passed on. */
export class Intake {
  readonly #options: IntakeOptions;

  constructor(options: IntakeOptions) {
    this.#options = options;
  }

  /** Never rejects. */
  async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { inspection, now, onRefused } = this.#options;
    const { method = '', url: path = '' } = request;
    const beginning = new BodyBeginning(request);
    let read = false;
    const answer = await answerRequest(request, response, (params, body) => {
      read = true;
      return this.#receive(params, body, request);
    });
    if (read || isLookingAround(request)) return;
    const { bytes: body, byteLength } = beginning;
    const { status } = answer;
    const message = `${answer.message ?? ''}${refusalHint(request, body)}`;
    inspection.refuse({ method, path, message }, { body, byteLength, status, now: now() });
    onRefused?.(answer);
  }

  async #receive(params: JsonObject, body: Buffer, { headers }: IncomingMessage): Promise<Answer> {
    const { inspection, now, forward } = this.#options;
    const batch = inspection.receive({ params, body, notes: readSenderNotes(headers), now: now() });
    const strict = headers['x-optimizely-strict'] === 'true';
    const answer =
      forward === undefined ? answerLocally(batch, strict) : await this.#forward(batch, forward, strict);
    if (answer.status < 300) inspection.accept(batch);
    else {
      const message = `answered ${answer.status}, so it was not received: ${answer.message ?? 'the sender tries again, or drops it'}`;
      inspection.refused(batch, message);
    }
    inspection.answer(batch, answer.status);
    this.#options.onBatch?.(batch);
    return answer;
  }

  async #forward(batch: InspectedBatch, forward: Forward, strict: boolean): Promise<Answer> {
    batch.forwarding = 'under way';
    const status = await forward(batch.body.toString(), { strict });
    batch.forwarding = status !== undefined && status < 300 ? 'arrived' : 'refused';
    return status === undefined ? { status: 502, message: 'Optimizely could not be reached' } : { status };
  }
}

/** What a browser or a probe asks for was never meant to bring events. */
function isLookingAround({ method = '', url = '' }: IncomingMessage): boolean {
  return (method === 'GET' || method === 'HEAD') && url.split('?', 1)[0] !== EVENTS_PATH;
}

/** A request with `X-Optimizely-Strict: true` may be refused for what is in it, as by Optimizely. */
function answerLocally(batch: InspectedBatch, strict: boolean): Answer {
  const broken = strict ? brokenConstraint(batch) : undefined;
  return broken === undefined ? { status: 204 } : { status: 400, message: broken.message };
}
