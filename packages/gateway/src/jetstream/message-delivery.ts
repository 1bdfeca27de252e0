// SPDX-License-Identifier: Apache-2.0
import type { Logger } from 'opentelemetry-exporter-optimizely';
import type { MessageIntake } from '../model/intake.js';
import type { BatchReceipt } from '../model/receipt.js';
import type { Runtime } from '../model/runtime.js';
import { type ReadMessage, readMessage } from './batch-message.js';
import { type ParkedMessages, type ParkReason, parkedStreamOf } from './parked-messages.js';
import type { StreamMessage } from './stream-message.js';

export interface MessageDeliveryOptions {
  readonly stream: string;
  readonly intake: MessageIntake;
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

/** A message whose events are on their way. */
interface Taken {
  readonly kind: 'offered';
  readonly data: Uint8Array;
  readonly projectId: string;
  readonly receipt: Promise<BatchReceipt>;
}

type Offered = Taken | { readonly kind: 'no_room' } | Exclude<ReadMessage, { readonly kind: 'batch' }>;

/**
 * Delivers the events of one message, and answers it: acknowledged when nothing is left to be done for any of them, given
 * back when this gateway ends, parked when no gateway can deliver it.
 */
export class MessageDelivery {
  readonly #options: MessageDeliveryOptions;
  readonly #said = new Set<string>();
  readonly #heldByProject = new Map<string, number>();
  /** By their place in the stream. */
  readonly #taken = new Map<number, Taken>();
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
  async deliver(message: StreamMessage): Promise<void> {
    if (this.#isStopping) {
      message.nak();
      return;
    }
    let heldFor: string | undefined;
    try {
      for (;;) {
        const offered = this.#offer(message, heldFor !== undefined);
        if (offered.kind === 'no_room') {
          const millis = FIRST_NAK_MILLIS * 2 ** (message.info.deliveryCount - 1);
          message.nak(Math.min(LONGEST_NAK_MILLIS, millis));
          return;
        }
        if (offered.kind === 'unreadable') return await this.#park(message, 'unreadable', offered.problem);
        if (offered.kind === 'newer')
          return await this.#giveToAnother(message, 'newer_format', offered.problem);
        if (heldFor === undefined) this.#hold(offered.projectId, 1);
        heldFor = offered.projectId;
        const receipt = await offered.receipt;
        if (this.#taken.get(message.seq) === offered) this.#taken.delete(message.seq);
        if (!(await this.#answer(message, receipt))) return;
      }
    } finally {
      if (heldFor !== undefined) this.#hold(heldFor, -1);
    }
  }

  /**
   * Reads the message and hands its batch over. What was read is not kept while the receipt is waited for: an outage of
   * hours would keep a parsed backlog in memory.
   *
   * @param isHeld whether it counts among those of its project already
   */
  #offer(message: StreamMessage, isHeld: boolean): Offered {
    const { intake, runtime, maxOfOneProject } = this.#options;
    // NATS gives out again what it takes for forgotten; a stream that was made anew counts from one.
    const taken = this.#taken.get(message.seq);
    if (taken !== undefined && Buffer.compare(taken.data, message.data) === 0) return taken;
    const read = readMessage(message, runtime.now());
    if (read.kind !== 'batch') return read;
    const projectId = String(read.batch.others.project_id);
    const held = this.#heldByProject.get(projectId) ?? 0;
    if (!isHeld && held >= maxOfOneProject()) return { kind: 'no_room' };
    const receipt = intake.take(read.batch, read.sender, read.origin);
    const offered = { kind: 'offered', data: message.data, projectId, receipt } as const;
    this.#taken.set(message.seq, offered);
    return offered;
  }

  #hold(projectId: string, change: 1 | -1): void {
    const held = (this.#heldByProject.get(projectId) ?? 0) + change;
    if (held > 0) this.#heldByProject.set(projectId, held);
    else this.#heldByProject.delete(projectId);
  }

  /** @returns whether the batch is to be taken again */
  async #answer(message: StreamMessage, receipt: BatchReceipt): Promise<boolean> {
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
        if (!this.#isStopping) await this.#pause(receipt.retryAfterSeconds);
        if (!this.#isStopping) return true;
        message.nak();
        return false;
    }
  }

  async #giveToAnother(message: StreamMessage, reason: ParkReason, problem: string): Promise<void> {
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

  async #park(message: StreamMessage, reason: ParkReason, problem: string): Promise<void> {
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
