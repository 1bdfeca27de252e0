// SPDX-License-Identifier: Apache-2.0
import { type ReadonlySignal, signal } from '@preact/signals';
import { type Address, readAddress, writeAddress } from './address.js';

export type Change = Partial<Address>;

/** Keeps what the reader has chosen and the browser's history in step. */
export class Navigation {
  readonly #address = signal(readAddress(location.search));
  /** The field that the latest entry of the history was typed in. */
  #typed: keyof Address | undefined;

  constructor() {
    addEventListener('popstate', () => {
      this.#typed = undefined;
      this.#address.value = readAddress(location.search);
    });
  }

  get address(): ReadonlySignal<Address> {
    return this.#address;
  }

  /** A step that the browser's back button undoes. */
  go(change: Change): void {
    this.#typed = undefined;
    this.#move(change, false);
  }

  /** Typing is one step, however many letters it has. */
  type(field: keyof Address, text: string): void {
    this.#move({ [field]: text }, this.#typed === field);
    this.#typed = field;
  }

  #move(change: Change, replace: boolean): void {
    const next = { ...this.#address.value, ...change };
    const url = `${location.pathname}${writeAddress(next)}`;
    if (url === location.pathname + location.search) return;
    if (replace) history.replaceState(null, '', url);
    else history.pushState(null, '', url);
    this.#address.value = next;
  }
}
