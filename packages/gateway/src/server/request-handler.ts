// SPDX-License-Identifier: Apache-2.0
import type { IncomingMessage } from 'node:http';
import type { DoorAnswer, Sender, ServerRefusal } from '../model/door.js';
import type { FullReason } from '../model/receipt.js';
import type { Runtime } from '../model/runtime.js';
import type { RefusalLog } from '../util/refusal-log.js';
import type { Access } from './access.js';
import type { BodyUnpacker } from './body-unpacker.js';
import type { ByteBudget, Reservation } from './byte-budget.js';
import type { Exchange } from './exchange.js';
import type { GatewayMetrics } from './gateway-metrics.js';
import { json } from './health.js';
import { declaredLength, readBody } from './read-body.js';
import { faultOf, mayStayOpen, mediaTypeOf } from './request-facts.js';
import { ALLOWED, findRoute, type Route, type Routes } from './routes.js';
import type { TurnQueue } from './turn-queue.js';
import { ACCEPTED_CODINGS, type ContentCoding, readContentCoding, type Unpacked } from './unpack.js';

export interface RequestHandlerOptions {
  readonly routes: () => Routes;
  readonly access: Access;
  readonly budget: ByteBudget;
  readonly maxBodyBytes: number;
  readonly turns: TurnQueue;
  readonly unpacker: BodyUnpacker;
  readonly isDraining: () => boolean;
  readonly whyFull: (sender: string) => FullReason | undefined;
  readonly metrics: GatewayMetrics;
  readonly refusals: RefusalLog;
  readonly runtime: Runtime;
}

type DoorRoute = Extract<Route, { kind: 'door' }>;

type ReadBody =
  /** As it was sent. */
  | { readonly kind: 'body'; readonly body: Buffer; readonly coding: ContentCoding }
  | { readonly kind: 'refused'; readonly refusal: ServerRefusal }
  | { readonly kind: 'gone' };

/** Leads a request through the limits to its door, and its answer back. */
export class RequestHandler {
  readonly #options: RequestHandlerOptions;

  constructor(options: RequestHandlerOptions) {
    this.#options = options;
  }

  /** Never rejects. */
  async handle(exchange: Exchange): Promise<void> {
    const { request } = exchange;
    const route = findRoute(this.#options.routes(), request.url ?? '');
    const fault = faultOf(request);
    if (fault !== undefined) {
      exchange.closeAfterAnswer();
      return this.#refuse(exchange, route, { status: 400, message: fault });
    }
    if (route === undefined) {
      return this.#answer(exchange, json(404, { message: NOT_FOUND }));
    }
    const allowed = ALLOWED[route.kind];
    if (!allowed.split(', ').includes(request.method ?? '')) {
      const refusal: ServerRefusal = { status: 405, message: `the method must be ${allowed}` };
      return this.#refuse(exchange, route, refusal, { allow: allowed });
    }
    if (route.kind === 'door') return this.#handleDoor(exchange, route);
    if (route.isGuarded) {
      const admission = this.#options.access.admit(request);
      if (admission.kind === 'refused') return this.#refuse(exchange, route, admission.refusal);
    }
    this.#answer(exchange, await route.answer());
  }

  /** Answers a request that did not arrive in time, so that its sender sends it again. */
  refuseForNow(exchange: Exchange, message: string): void {
    this.refuse(exchange, this.#later(message));
  }

  /** Answers a request that was found wanting while its body arrived. */
  refuse(exchange: Exchange, refusal: ServerRefusal): void {
    this.#refuse(exchange, findRoute(this.#options.routes(), exchange.request.url ?? ''), refusal);
  }

  async #handleDoor(exchange: Exchange, route: DoorRoute): Promise<void> {
    const { access, budget, maxBodyBytes, isDraining, metrics, runtime } = this.#options;
    const began = runtime.monotonic();
    const { request } = exchange;
    const admission = access.admit(request);
    if (admission.kind === 'refused') return this.#refuse(exchange, route, admission.refusal);
    if (isDraining()) return this.#refuse(exchange, route, this.#later('the gateway is ending'));
    const length = declaredLength(request);
    if (length > maxBodyBytes) return this.#refuse(exchange, route, this.#tooLarge());
    const crowded = this.#whyCrowded('unread', admission.sender);
    if (crowded !== undefined) return this.#refuse(exchange, route, this.#later(crowded));
    const reservation = budget.open(length);
    if (reservation === undefined) return this.#refuse(exchange, route, this.#later(NO_ROOM));
    try {
      const answer = await this.#take(exchange, route, reservation, admission.sender);
      if (answer === undefined) return;
      this.#noteRefused(route, answer);
      metrics.answered(route.name, answer.status, (runtime.monotonic() - began) / 1_000);
      exchange.answer(answer, isDraining() ? 'close' : 'keep');
    } finally {
      reservation.release();
    }
  }

  /**
   * Returns the door's promise without awaiting it: the body is not kept while the receipt is waited for.
   *
   * @returns undefined if the request is answered already, or gone
   */
  async #take(
    exchange: Exchange,
    route: DoorRoute,
    reservation: Reservation,
    sender: Sender,
  ): Promise<DoorAnswer | undefined> {
    const reading = await this.#read(exchange, reservation);
    if (reading.kind === 'gone') return undefined;
    if (reading.kind === 'refused') {
      this.#refuse(exchange, route, reading.refusal);
      return undefined;
    }
    // While it was read, others may have come.
    const crowded = this.#whyCrowded('read', sender);
    if (crowded !== undefined) {
      this.#refuse(exchange, route, this.#later(crowded));
      return undefined;
    }
    const { coding } = reading;
    const unpacked = await this.#options.unpacker.unpack(reading.body, coding, reservation);
    if (unpacked.kind === 'body') return this.#ask(route, exchange.request, unpacked.body, sender);
    this.#refuse(exchange, route, this.#unusable(unpacked.kind, coding));
    return undefined;
  }

  /** What costs next to nothing to refuse, before it costs anything to take. */
  #whyCrowded(body: 'unread' | 'read', sender: Sender): string | undefined {
    const { whyFull, turns } = this.#options;
    const full = whyFull(sender.name);
    if (full !== undefined) return full;
    // Of two that arrive together, one at least is taken.
    const isCrowded = body === 'unread' ? turns.isCrowded : turns.isOverloaded;
    return isCrowded ? NO_ROOM : undefined;
  }

  async #read(exchange: Exchange, reservation: Reservation): Promise<ReadBody> {
    const { request } = exchange;
    const { maxBodyBytes, unpacker } = this.#options;
    const coding = readContentCoding(request.headers['content-encoding']);
    if (coding === undefined) {
      return refused(415, `the content encoding must be one of: ${ACCEPTED_CODINGS}`);
    }
    exchange.askForBody();
    const reading = await readBody(exchange, maxBodyBytes, reservation, unpacker.arriving(coding));
    switch (reading.kind) {
      case 'gone':
        return reading;
      case 'body':
        return { ...reading, coding };
      case 'too_large':
      case 'no_room':
        return { kind: 'refused', refusal: this.#unusable(reading.kind, coding) };
    }
  }

  #unusable(kind: Exclude<Unpacked['kind'], 'body'>, coding: ContentCoding): ServerRefusal {
    switch (kind) {
      case 'malformed':
        return { status: 400, message: `the body is not what the content encoding ${coding} says` };
      case 'too_large':
        return this.#tooLarge();
      case 'no_room':
        return this.#later(NO_ROOM);
    }
  }

  /** A door never rejects. If one did, 503 is the answer that loses nothing: senders must not repeat after a 500. */
  #ask(
    { door, name }: DoorRoute,
    request: IncomingMessage,
    body: Buffer,
    sender: Sender,
  ): Promise<DoorAnswer> {
    const mediaType = mediaTypeOf(request);
    return door.answer({ body, mediaType, sender }).catch(error => {
      const kind = `the door of ${name} failed`;
      this.#options.refusals.note(kind, `${kind}: ${error instanceof Error ? error.stack : 'unknown error'}`);
      return door.refuse(this.#later('the request could not be taken'), mediaType);
    });
  }

  /** What is to be sent again is counted alone: it is a state of the project, which has lines of its own. */
  #noteRefused({ name }: DoorRoute, { status, problem = 'their answers say why' }: DoorAnswer): void {
    if (status < 400 || status === 503) return;
    const kind = `requests of ${name} refused with ${status}`;
    this.#options.refusals.note(kind, `${kind}: ${problem}`);
  }

  #tooLarge(): ServerRefusal {
    const { maxBodyBytes } = this.#options;
    return { status: 413, message: `the body is larger than ${maxBodyBytes} bytes: send smaller batches` };
  }

  #later(message: string): ServerRefusal {
    return { status: 503, message, retryAfterSeconds: 1 + Math.floor(this.#options.runtime.random() * 5) };
  }

  #refuse(
    exchange: Exchange,
    route: Route | undefined,
    refusal: ServerRefusal,
    headers: Record<string, string> = {},
  ): void {
    const { status, message } = refusal;
    if (exchange.isAnswered) return;
    const { metrics, refusals } = this.#options;
    const answer =
      route?.kind === 'door'
        ? route.door.refuse(refusal, mediaTypeOf(exchange.request))
        : json(status, { message });
    if (route?.kind === 'door') metrics.answered(route.name, status, 0);
    const kind = `requests refused with ${status}`;
    refusals.note(`${kind} (${message})`, `${kind}: ${message}`);
    this.#answer(exchange, { ...answer, headers: { ...answer.headers, ...headersOf(status), ...headers } });
  }

  #answer(exchange: Exchange, answer: DoorAnswer): void {
    const closes = this.#options.isDraining() || !mayStayOpen(exchange.request, answer.status);
    exchange.answer(answer, closes ? 'close' : 'keep');
  }
}

const NO_ROOM = 'too many requests are in flight';
const NOT_FOUND = 'there are /v1/traces, /v1/logs, /v1/events, /healthz, /readyz and /metrics';

function headersOf(status: ServerRefusal['status']): Record<string, string> {
  if (status === 401) return { 'www-authenticate': 'Bearer' };
  if (status === 415) return { 'accept-encoding': ACCEPTED_CODINGS };
  return {};
}

function refused(status: ServerRefusal['status'], message: string): ReadBody {
  return { kind: 'refused', refusal: { status, message } };
}
