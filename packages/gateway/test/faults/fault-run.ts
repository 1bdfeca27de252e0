// SPDX-License-Identifier: Apache-2.0
import { setMaxListeners } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { FAULTS } from '../../../../test/chaos/faults.js';
import { FaultyEndpoint, type Outcome } from '../../../../test/chaos/faulty-endpoint.js';
import { Random } from '../../../../test/chaos/random.js';
import { gatewayArguments } from './gateway-arguments.js';
import { endLeftovers, freePort, GatewayProcess } from './gateway-process.js';
import { type BookTotals, ReceiptBook } from './receipt-book.js';
import { sendAll } from './repeating-sender.js';
import { runToEnd } from './run-to-end.js';
import { SENDERS } from './sent-request.js';

/** What the receipt of a gateway is. */
export const FORMS = {
  'no disk': { store: false, ack: undefined },
  store: { store: true, ack: undefined },
  'store, ack delivered': { store: true, ack: 'delivered' },
} as const;
export type Form = keyof typeof FORMS;

export interface FaultRunOptions {
  readonly form: Form;
  readonly events: number;
  readonly kills: number;
  readonly seed: number;
  readonly limitMillis: number;
  /** Deadlines are short, so that a run of few events does not consist of waiting. @default those of the command */
  readonly isHurried?: boolean;
  readonly onProgress?: (report: FaultReport) => void;
}

export interface FaultReport extends BookTotals {
  readonly kills: { readonly SIGKILL: number; readonly SIGTERM: number };
  /** What senders were answered. */
  readonly answers: ReadonlyMap<string, number>;
  /** What the endpoint did. */
  readonly outcomes: ReadonlyMap<Outcome, number>;
  readonly seconds: number;
  readonly violations: readonly string[];
}

/** A tenth of what a gateway's requests have: what is learnt from a 413 must leave some batching. */
const TOO_LARGE_BYTES = 20_000;
const POLL_MILLIS = 20;

/**
 * Four senders that repeat what gets no receipt, a gateway that is killed and started again, and an endpoint that fails:
 * at the end each event with a receipt was counted once, and no other.
 */
export async function runFaults(options: FaultRunOptions): Promise<FaultReport> {
  const run = new FaultRun(options);
  return runToEnd(run, options.onProgress);
}

class FaultRun {
  readonly #options: FaultRunOptions;
  readonly #folder = mkdtempSync(join(tmpdir(), 'gateway-faults-'));
  readonly #book = new ReceiptBook();
  readonly #random: Random;
  readonly #endpoint: FaultyEndpoint;
  readonly #answers = { counts: new Map<string, number>() };
  readonly #kills = { SIGKILL: 0, SIGTERM: 0 };
  readonly #startedAt = performance.now();
  readonly #limit: AbortSignal;

  constructor(options: FaultRunOptions) {
    this.#options = options;
    this.#random = new Random(options.seed);
    this.#endpoint = new FaultyEndpoint(this.#book, new Random(options.seed + 1), FAULTS, TOO_LARGE_BYTES);
    this.#limit = AbortSignal.timeout(options.limitMillis);
    // One a request in flight.
    setMaxListeners(0, this.#limit);
  }

  async run(): Promise<void> {
    const { events } = this.#options;
    await this.#endpoint.open();
    const port = await freePort();
    let areSending = true;
    const sending = Promise.all(
      SENDERS.map(kind =>
        sendAll(
          {
            kind,
            events: Math.ceil(events / SENDERS.length),
            eventsPerRequest: Math.max(5, Math.min(50, Math.floor(events / 400))),
            requestsAtOnce: Math.max(8, Math.min(64, Math.floor(events / 1_500))),
            // Each costs a dozen requests, and each of those may fail: twenty a sender are enough.
            poisonEvery: Math.max(137, Math.floor(events / 80)),
            ports: [port],
            isGateway: true,
            book: this.#book,
            signal: this.#limit,
          },
          this.#answers,
        ),
      ),
    ).finally(() => {
      areSending = false;
    });
    let gateway = await this.#start(port);
    for (let kill = 1; kill <= this.#options.kills; kill++) {
      // Evenly over the receipts, at a moment that nothing announces.
      const from = (events * kill) / (this.#options.kills + 2);
      while (areSending && this.#book.totals().receipts < from && !this.#limit.aborted)
        await pause(POLL_MILLIS);
      await pause(this.#random.between(0, 300));
      await this.#kill(gateway, kill % 2 === 0 ? 'SIGTERM' : 'SIGKILL');
      gateway = await this.#start(port);
    }
    await sending;
    this.#endpoint.healthy = true;
    while (this.#book.totals().missing > 0 && !this.#limit.aborted) await pause(POLL_MILLIS);
    await this.#end(gateway);
    this.#book.check();
  }

  async close(): Promise<void> {
    await endLeftovers();
    await this.#endpoint.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  report(): FaultReport {
    return {
      ...this.#book.totals(),
      kills: this.#kills,
      answers: this.#answers.counts,
      outcomes: this.#endpoint.outcomes,
      seconds: (performance.now() - this.#startedAt) / 1_000,
      violations: this.#book.violations,
    };
  }

  async #start(port: number): Promise<GatewayProcess> {
    const { form, isHurried = false } = this.#options;
    const gateway = new GatewayProcess(
      gatewayArguments({
        folder: this.#folder,
        endpoint: this.#endpoint.url,
        port,
        isHurried,
        ...FORMS[form],
      }),
    );
    await gateway.listening();
    return gateway;
  }

  async #kill(gateway: GatewayProcess, signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    this.#kills[signal]++;
    if (signal === 'SIGTERM') await this.#end(gateway);
    else await gateway.end(signal);
  }

  async #end(gateway: GatewayProcess): Promise<void> {
    const ending = await gateway.end('SIGTERM');
    if (ending !== 0)
      this.#book.violate(`SIGTERM ended the gateway with ${ending}:\n${gateway.stderr.slice(-1_000)}`);
  }
}
