// SPDX-License-Identifier: Apache-2.0
import type { ServerResponse } from 'node:http';
import type { Runtime, RuntimeTimer } from 'opentelemetry-exporter-optimizely/testing';

const COALESCED_MILLIS = 100;
/** A page that hears nothing for longer knows that the process has gone, or hangs. */
const BEAT_MILLIS = 1_000;
const MOST_LISTENERS = 32;
/** A page that does not read misses messages; the next one says all that matters. */
const MOST_UNREAD_BYTES = 65_536;

/**
 * Server-sent events: tells all open pages the state of affairs, ten times a second at most, and only if it changed; and
 * every second that the server is there.
 */
export class ChangeStream {
  readonly #runtime: Runtime;
  readonly #message: () => unknown;
  readonly #listeners = new Set<ServerResponse>();
  #pending: RuntimeTimer | undefined;
  #nextBeat: RuntimeTimer | undefined;

  /** @param message what is told, as JSON */
  constructor(runtime: Runtime, message: () => unknown) {
    this.#runtime = runtime;
    this.#message = message;
  }

  /** @returns false if there are too many already */
  add(response: ServerResponse): boolean {
    if (this.#listeners.size >= MOST_LISTENERS) return false;
    response.setHeader('content-type', 'text/event-stream; charset=utf-8');
    response.write(this.#text());
    this.#listeners.add(response);
    response.on('close', () => this.#listeners.delete(response));
    this.#nextBeat ??= this.#runtime.setTimer(() => this.#beat(), BEAT_MILLIS);
    return true;
  }

  changed(): void {
    if (this.#listeners.size === 0) return;
    this.#pending ??= this.#runtime.setTimer(() => {
      this.#pending = undefined;
      this.#send(this.#text());
    }, COALESCED_MILLIS);
  }

  close(): void {
    this.#pending?.clear();
    this.#nextBeat?.clear();
    for (const response of this.#listeners) response.end();
    this.#listeners.clear();
  }

  #beat(): void {
    this.#nextBeat = undefined;
    if (this.#listeners.size === 0) return;
    this.#send('event: beat\ndata: 1\n\n');
    this.#nextBeat = this.#runtime.setTimer(() => this.#beat(), BEAT_MILLIS);
  }

  #text(): string {
    return `data: ${JSON.stringify(this.#message())}\n\n`;
  }

  #send(text: string): void {
    for (const response of this.#listeners) {
      if (response.writableLength < MOST_UNREAD_BYTES) response.write(text);
    }
  }
}
