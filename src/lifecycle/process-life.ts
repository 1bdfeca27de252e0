// SPDX-License-Identifier: Apache-2.0

import type { Logger } from '../model/logger.js';
import { errorLabel } from '../util/error-label.js';
import { flushOnBeforeExit } from './flush-on-before-exit.js';
import { opened, reportAtExit, reportIfLate } from './open-processors.js';

/** The processor whose life it is. */
export interface LivingProcessor {
  ledger(): { readonly pending: number };
  forceFlush(): Promise<void>;
  shutdown(): Promise<void>;
}

/** What is behind it. */
export interface LivingQueue {
  /** Events in memory that the event store has no copy of. */
  unsavedCount(): number;
  /** Sends what is queued, and does not wait for it. */
  sendQueued(): void;
}

/** What a processor has to do with the end of the process, which it does not keep up. */
export class ProcessLife {
  readonly #processor: LivingProcessor;
  readonly #queue: LivingQueue;
  readonly #logger: Logger;
  readonly #undos: (() => void)[] = [];
  #hasTaken = false;
  #isPrompt = false;
  #isDue = false;

  constructor(processor: LivingProcessor, queue: LivingQueue, logger: Logger) {
    this.#processor = processor;
    this.#queue = queue;
    this.#logger = logger;
  }

  begin(options: { readonly flushOnBeforeExit: boolean }): void {
    const processor = this.#processor;
    const queue = this.#queue;
    this.#undos.push(
      opened({
        unsavedCount: () => queue.unsavedCount(),
        forceFlush: () => processor.forceFlush(),
        shutdown: () => processor.shutdown(),
        deliverPromptly: () => {
          this.#isPrompt = true;
          this.sendPromptly();
        },
      }),
    );
    if (options.flushOnBeforeExit) {
      this.#undos.push(
        flushOnBeforeExit(
          () => processor.ledger().pending,
          () => processor.forceFlush(),
        ),
      );
    }
  }

  /** An event was taken. */
  eventTaken(): void {
    if (!this.#hasTaken) {
      reportAtExit();
      this.#hasTaken = true;
    }
    reportIfLate();
    this.sendPromptly();
  }

  /** Events were queued: once the process is about to end they go out, with all of the same turn. */
  sendPromptly(): void {
    if (!this.#isPrompt || this.#isDue) return;
    this.#isDue = true;
    try {
      queueMicrotask(() => this.#sendQueued());
    } catch (error) {
      // The stack has ended: the next event sees to it.
      this.#isDue = false;
      throw error;
    }
  }

  #sendQueued(): void {
    this.#isDue = false;
    try {
      this.#queue.sendQueued();
    } catch (error) {
      this.#logger.error(`events could not be sent promptly: ${errorLabel(error)}; they stay queued`);
    }
  }

  /** After the processor's shutdown. */
  end(): void {
    for (const undo of this.#undos.splice(0)) undo();
  }
}
