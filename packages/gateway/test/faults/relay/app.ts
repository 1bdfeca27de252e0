// SPDX-License-Identifier: Apache-2.0
import { setTimeout as pause } from 'node:timers/promises';
import type { LedgerSnapshot } from 'opentelemetry-exporter-optimizely';
import { contentOf, type ReceiptBook } from '../receipt-book.js';
import { OUR_CLIENT } from '../sent-request.js';
import { type AppEvent, type AppOrder, AppProcess } from './app-process.js';

export interface AppOptions {
  readonly number: number;
  /** Events that are recorded at the end. */
  readonly events: number;
  readonly poisonEvery: number;
  readonly order: AppOrder;
  readonly book: ReceiptBook;
  readonly pace: (events: number) => Promise<void>;
  readonly signal: AbortSignal;
}

const BURST = 20;
/** What an application does whose events are refused: it goes on, and has others later. */
const PAUSE_AFTER_REFUSAL_MILLIS = 200;
const FIRST_MILLIS = 1_700_000_000_000;

/** One application in all its lives, and what its processor said of its events. */
export class App {
  readonly #options: AppOptions;
  #process: AppProcess;
  /** Of the life that goes on. */
  #refusedNow = 0;
  #recorded = 0;
  refused = 0;

  constructor(options: AppOptions) {
    this.#options = options;
    this.#process = new AppProcess(options.order);
  }

  /** Records all its events. */
  async run(): Promise<void> {
    const { number, events, poisonEvery, book, pace, signal } = this.#options;
    for (let next = 0; this.#recorded < events && !signal.aborted; ) {
      const count = Math.min(BURST, events - this.#recorded);
      await pace(count);
      const burst = Array.from({ length: count }, (_, n) => eventOf(number, next + n));
      for (const [n, event] of burst.entries())
        book.add(event.uuid, (next + n) % poisonEvery === poisonEvery - 1, contentOfEvent(event));
      next += count;
      // After a kill, these were recorded or not: nobody has said so.
      const answer = await this.#process.record(burst);
      if (answer === undefined) await pause(PAUSE_AFTER_REFUSAL_MILLIS);
      else await this.#account(burst, new Set(answer.refused));
    }
  }

  /** SIGKILL, and a new life on the same store. */
  async kill(): Promise<void> {
    await this.#process.kill();
    this.#refusedNow = 0;
    this.#process = new AppProcess(this.#options.order);
  }

  /** @returns undefined if the application ended on its own */
  async end(): Promise<LedgerSnapshot | undefined> {
    const { number, book } = this.#options;
    const answer = await this.#process.end();
    if (answer === undefined) {
      book.violate(`app ${number} ended by itself:\n${this.#process.stderr.slice(-1_000)}`);
      return undefined;
    }
    const dropped = Object.values(answer.ledger.dropped).reduce((sum, count) => sum + count, 0);
    if (dropped !== this.#refusedNow)
      book.violate(`app ${number} was refused ${this.#refusedNow} events: ${JSON.stringify(answer.ledger)}`);
    return answer.ledger;
  }

  async #account(burst: readonly AppEvent[], refused: ReadonlySet<string>): Promise<void> {
    const { book } = this.#options;
    const taken = burst.filter(({ uuid }) => !refused.has(uuid));
    book.receipt(
      taken.map(({ uuid }) => uuid),
      0,
    );
    for (const uuid of refused) book.turnAway(uuid);
    this.#recorded += taken.length;
    this.refused += refused.size;
    this.#refusedNow += refused.size;
    if (refused.size > 0) await pause(PAUSE_AFTER_REFUSAL_MILLIS);
  }
}

function eventOf(number: number, index: number): AppEvent {
  const common = {
    userId: `app ${number} visitor ${index} ✓`,
    timestamp: FIRST_MILLIS + index,
    uuid: `a99${number.toString(16).padStart(5, '0')}-0000-4000-8000-${index.toString(16).padStart(12, '0')}`,
    attributes: { plan: index % 2 === 0 ? 'pro' : 'free', country: 'Perú' },
  };
  return index % 3 === 2
    ? { type: 'conversion', ...common, eventKey: 'purchase', tags: { revenue: index, note: '“x”' } }
    : {
        type: 'impression',
        ...common,
        flagKey: 'checkout',
        ruleKey: 'checkout_test',
        variationKey: index % 2 === 0 ? 'control' : 'treatment',
      };
}

function contentOfEvent({ type, userId: visitor, timestamp }: AppEvent): string {
  const common = { client: OUR_CLIENT, visitor, timestamp: Number(timestamp) };
  return contentOf(
    type === 'conversion'
      ? { ...common, key: 'purchase', entity_id: '300' }
      : { ...common, key: 'campaign_activated', entity_id: '20' },
  );
}
