// SPDX-License-Identifier: Apache-2.0
import { signal } from '@preact/signals';
import type { Tick } from '../../view/types.js';

/** `crowded`: the inspector is there, and has as many pages open as it serves. */
export type Link = 'connecting' | 'live' | 'gone' | 'crowded';

/** The server says something every second; a process that hangs has an open connection and says nothing. */
const SILENT_MILLIS = 2_500;
const RETRY_MILLIS = 1_000;

/**
 * What the server tells by itself. The connection is given up while the page is hidden: a browser has six to one
 * server, so that a handful of forgotten pages would leave none for the one that is looked at.
 */
export class Connection {
  readonly link = signal<Link>('connecting');
  readonly tick = signal<Tick | undefined>(undefined);
  /** When another process was found to answer; the events that this page has shown were the earlier one's. */
  readonly restartedAt = signal<number | undefined>(undefined);
  #source: EventSource | undefined;
  #watch: ReturnType<typeof setTimeout> | undefined;

  start(): void {
    document.addEventListener('visibilitychange', () => this.#follow());
    this.#follow();
  }

  #follow(): void {
    this.#stop();
    if (document.visibilityState === 'visible') this.#connect();
  }

  #connect(): void {
    const source = new EventSource('/api/stream');
    this.#source = source;
    source.addEventListener('open', () => this.#heard());
    source.addEventListener('beat', () => this.#heard());
    source.addEventListener('message', ({ data }: MessageEvent<string>) => {
      this.#heard();
      this.#receive(JSON.parse(data) as Tick);
    });
    source.addEventListener('error', () => {
      this.#lose(source.readyState === EventSource.CLOSED && this.link.value !== 'live' ? 'crowded' : 'gone');
    });
    this.#expectWord();
  }

  #heard(): void {
    this.link.value = 'live';
    this.#expectWord();
  }

  #expectWord(): void {
    clearTimeout(this.#watch);
    this.#watch = setTimeout(() => this.#lose('gone'), SILENT_MILLIS);
  }

  #lose(link: Link): void {
    this.#stop();
    this.link.value = link;
    this.#watch = setTimeout(() => this.#follow(), RETRY_MILLIS);
  }

  #receive(tick: Tick): void {
    const before = this.tick.value;
    if (before !== undefined && before.instance !== tick.instance) this.restartedAt.value = Date.now();
    this.tick.value = tick;
  }

  #stop(): void {
    clearTimeout(this.#watch);
    this.#source?.close();
    this.#source = undefined;
  }
}
