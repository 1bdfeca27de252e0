// SPDX-License-Identifier: Apache-2.0
import type { JsMsg } from '@nats-io/jetstream';
import type { Logger } from 'opentelemetry-exporter-optimizely';
import type { BatchIntake } from '../model/intake.js';
import type { BatchReceipt } from '../model/receipt.js';
import type { Runtime } from '../model/runtime.js';
import { type ReadMessage, readMessage } from './batch-message.js';
import { type ParkedMessages, type ParkReason, parkedStreamOf } from './parked-messages.js';

export interface MessageDeliveryOptions {
  readonly stream: string;
  readonly intake: BatchIntake;
  readonly parked: Pick<ParkedMessages, 'park'>;
  /** Hears of each message that was parked. */
  readonly countParked: (reason: ParkReason) => void;
  /** Messages of one project at once: one that can't be delivered must not keep others from it. */
  readonly maxOfOneProject: () => number;
  readonly logger: Logger;
  readonly runtime: Runtime;
}

/** Another gateway of the fleet may know what this one does not: it gets the message after this. */
const OTHER_GATEWAY_MILLIS = 30_000;
/** So often a message is given back for another gateway; then none knows it. */
const MAX_DELIVERIES = 20;
/** Given back at once, they count as pending, and NATS gives out only so many. */
const MAX_GIVEN_BACK = 500;
const PARKING_FAILED_MILLIS = 300_000;
const FIRST_NAK_MILLIS = 10_000;
const LONGEST_NAK_MILLIS = 300_000;
const MAX_SAID = 100;

type ReadBatch = Extract<ReadMessage, { readonly kind: 'batch' }>;

/**
 * Delivers the events of one message, and answers it: acknowledged when nothing is left to be done for any of them, given
 * back when this gateway ends, parked when no gateway can deliver it.
 */
export class MessageDelivery {
  readonly #options: MessageDeliveryOptions;
  readonly #said = new Set<string>();
  readonly #heldByProject = new Map<string, number>();
  readonly #stopping: Promise<void>;
  #stop: () => void = () => {};
  #isStopping = false;
  /** When those that were given back come again, monotonic clock. */
  #givenBackUntil: number[] = [];

  constructor(options: MessageDeliveryOptions) {
    this.#options = options;
    this.#stopping = new Promise(resolve => {
      this.#stop = resolve;
    });
  }

  /** From here on, what can't be delivered at once is given back. */
  stop(): void {
    this.#isStopping = true;
    this.#stop();
  }

  /** Never rejects. */
  async deliver(message: JsMsg): Promise<void> {
    if (this.#isStopping) {
      message.nak();
      return;
    }
    const read = readMessage(message, this.#options.runtime.now());
    if (read.kind === 'unreadable') return this.#park(message, 'unreadable', read.problem);
    if (read.kind === 'newer') return this.#giveToAnother(message, 'newer_format', read.problem);
    const projectId = String(read.batch.project_id);
    const held = this.#heldByProject.get(projectId) ?? 0;
    if (held >= this.#options.maxOfOneProject()) {
      message.nak(Math.min(LONGEST_NAK_MILLIS, FIRST_NAK_MILLIS * 2 ** (message.info.deliveryCount - 1)));
      return;
    }
    this.#heldByProject.set(projectId, held + 1);
    try {
      await this.#take(message, read);
    } finally {
      const left = (this.#heldByProject.get(projectId) ?? 1) - 1;
      if (left > 0) this.#heldByProject.set(projectId, left);
      else this.#heldByProject.delete(projectId);
    }
  }

  async #take(message: JsMsg, { batch, text, sender, origin }: ReadBatch): Promise<void> {
    for (;;) {
      const from = { name: sender, project: undefined };
      const receipt = await this.#options.intake.take(batch, text, from, origin);
      if (!(await this.#answer(message, receipt))) return;
    }
  }

  /** @returns whether the batch is to be taken again */
  async #answer(message: JsMsg, receipt: BatchReceipt): Promise<boolean> {
    switch (receipt.status) {
      case 'taken':
        message.ack();
        return false;
      case 'malformed':
        await this.#park(message, 'unreadable', receipt.message);
        return false;
      case 'unknown_project':
      case 'too_large':
        await this.#giveToAnother(message, receipt.status, receipt.message);
        return false;
      case 'later':
        // Kept meanwhile: given back, all of the backlog would go round.
        if (!this.#isStopping && receipt.reason !== 'draining') await this.#pause(receipt.retryAfterSeconds);
        if (!this.#isStopping) return true;
        message.nak();
        return false;
    }
  }

  async #giveToAnother(message: JsMsg, reason: ParkReason, problem: string): Promise<void> {
    const now = this.#options.runtime.monotonic();
    this.#givenBackUntil = this.#givenBackUntil.filter(until => until > now);
    if (message.info.deliveryCount >= MAX_DELIVERIES || this.#givenBackUntil.length >= MAX_GIVEN_BACK)
      return this.#park(message, reason, problem);
    this.#givenBackUntil.push(now + OTHER_GATEWAY_MILLIS);
    this.#say(
      'warn',
      `a message is left for another gateway, and parked in stream ${parkedStreamOf(this.#options.stream)} if none can deliver it: ${problem}`,
    );
    message.nak(OTHER_GATEWAY_MILLIS);
  }

  async #park(message: JsMsg, reason: ParkReason, problem: string): Promise<void> {
    const { parked, countParked, stream } = this.#options;
    const name = parkedStreamOf(stream);
    try {
      await parked.park(message, problem);
    } catch {
      this.#say(
        'error',
        `messages that can't be delivered can't be moved to stream ${name} and stay where they are: ${problem}; see the rights in docs/gateway.md`,
      );
      message.nak(PARKING_FAILED_MILLIS);
      return;
    }
    message.ack();
    countParked(reason);
    this.#say(
      'error',
      `message ${message.seq} of stream ${stream} can't be delivered and was parked in stream ${name}: ${problem}`,
    );
  }

  /** Once a problem. */
  #say(level: 'error' | 'warn', line: string): void {
    const kind = line.replace(/message \d+/, 'message');
    if (this.#said.has(kind) || this.#said.size >= MAX_SAID) return;
    this.#said.add(kind);
    this.#options.logger[level](line);
  }

  async #pause(seconds: number): Promise<void> {
    let resolveOver: () => void = () => {};
    const over = new Promise<void>(resolve => {
      resolveOver = resolve;
    });
    const timer = this.#options.runtime.setTimer(resolveOver, seconds * 1000);
    await Promise.race([over, this.#stopping]);
    timer.clear();
  }
}
