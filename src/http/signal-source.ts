// SPDX-License-Identifier: Apache-2.0
import type { AbortListener, AbortSource } from '../model/event-dispatcher.js';

/** What an AbortSignal says, to one listener. */
export class SignalSource implements AbortSource {
  readonly #signal: AbortSignal;
  #onAbort: (() => void) | undefined;

  constructor(signal: AbortSignal) {
    this.#signal = signal;
  }

  listen(listener: AbortListener): void {
    this.unlisten();
    const signal = this.#signal;
    if (signal.aborted) {
      listener.aborted(signal.reason);
      return;
    }
    this.#onAbort = () => listener.aborted(signal.reason);
    signal.addEventListener('abort', this.#onAbort, { once: true });
  }

  unlisten(): void {
    if (this.#onAbort !== undefined) this.#signal.removeEventListener('abort', this.#onAbort);
    this.#onAbort = undefined;
  }
}
