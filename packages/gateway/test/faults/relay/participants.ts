// SPDX-License-Identifier: Apache-2.0
import { join } from 'node:path';
import { makeDatafile } from '../../../../../test/support/datafile.js';
import type { ReceiptBook } from '../receipt-book.js';
import { type Answers, sendAll } from '../repeating-sender.js';
import { SENDERS, type SenderKind } from '../sent-request.js';
import { App } from './app.js';
import { Fleet } from './fleet.js';
import type { Pace } from './pace.js';

export interface ParticipantsOptions {
  readonly events: number;
  /** Copies of the stream. */
  readonly replicas: 1 | 3;
  /** NATS servers, as clients reach them. */
  readonly servers: readonly string[];
  readonly ackWaitMillis: number;
  /** With datafile.json. */
  readonly folder: string;
  readonly endpoint: string;
  readonly book: ReceiptBook;
  readonly answers: Answers;
  readonly pace: Pace;
  readonly limit: AbortSignal;
}

/** Of the applications; the last one has a store, and least room in memory. */
const MAX_QUEUE_SIZES = [20_000, 2_000, 1_000];
const STREAM_BYTES = 6_000_000;
const EVENTS_PER_REQUEST = 20;
const REQUESTS_AT_ONCE = 16;

/** Who fills the stream and who empties it: half of the events come from applications, half over the gateways' doors. */
export class Participants {
  readonly #options: ParticipantsOptions;
  readonly fleet: Fleet;
  #apps: App[] = [];

  constructor(options: ParticipantsOptions) {
    this.#options = options;
    const { folder, endpoint, book, ackWaitMillis } = options;
    this.fleet = new Fleet({
      receivers: 2,
      deliverers: 2,
      folder,
      endpoint,
      relay: { ...this.#stream(), ackWaitMillis },
      project: { requestTimeoutMillis: 2_000 },
      book,
    });
  }

  /** The one that has a store. */
  get appWithStore(): App {
    return this.#apps.at(-1) as App;
  }

  /** Events that an application tried to record while its bounds were reached. */
  get turnedAway(): number {
    return this.#apps.reduce((sum, { refused }) => sum + refused, 0);
  }

  async start(): Promise<void> {
    await this.fleet.start();
    this.#apps = MAX_QUEUE_SIZES.map((maxQueueSize, number) => this.#app(number, maxQueueSize));
  }

  /** Resolves when each event has its receipt, or the run is over. */
  async send(): Promise<void> {
    await Promise.all([...this.#apps.map(app => app.run()), ...SENDERS.map(kind => this.#sendAs(kind))]);
  }

  async endApps(): Promise<void> {
    await Promise.all(this.#apps.map(app => app.end()));
  }

  #app(number: number, maxQueueSize: number): App {
    const { folder, book, pace, limit } = this.#options;
    const hasStore = number === MAX_QUEUE_SIZES.length - 1;
    return new App({
      number,
      events: this.#eventsOfAnApp,
      poisonEvery: this.#poisonEvery,
      order: {
        processor: {
          datafile: makeDatafile(),
          batchSize: 50,
          flushIntervalMillis: 500,
          maxQueueSize,
          retry: { initialDelayMillis: 100, maxDelayMillis: 2_000 },
        },
        dispatcher: this.#stream(),
        storeDirectory: hasStore ? join(folder, 'store') : undefined,
      },
      book,
      pace: pace.wait,
      signal: limit,
    });
  }

  #sendAs(kind: SenderKind): Promise<void> {
    const { events, book, pace, limit, answers } = this.#options;
    const ports = this.fleet.receivers.map(({ port }) => port);
    const isOdd = SENDERS.indexOf(kind) % 2 === 1;
    const ofSenders = events - MAX_QUEUE_SIZES.length * this.#eventsOfAnApp;
    return sendAll(
      {
        kind,
        events: Math.ceil(ofSenders / SENDERS.length),
        eventsPerRequest: EVENTS_PER_REQUEST,
        requestsAtOnce: REQUESTS_AT_ONCE,
        poisonEvery: this.#poisonEvery,
        ports: isOdd ? ports.toReversed() : ports,
        isGateway: true,
        book,
        turn: () => pace.wait(EVENTS_PER_REQUEST),
        signal: limit,
      },
      answers,
    );
  }

  #stream() {
    const { servers, replicas } = this.#options;
    return { servers, replicas, maxBytes: STREAM_BYTES };
  }

  get #eventsOfAnApp(): number {
    return Math.floor(this.#options.events / (2 * MAX_QUEUE_SIZES.length));
  }

  /** Each costs a dozen requests, and each of those may fail: some twenty of each sender are enough. */
  get #poisonEvery(): number {
    return Math.max(137, Math.floor(this.#options.events / 140));
  }
}
