// SPDX-License-Identifier: Apache-2.0
import type { DatafileSource } from '../model/gateway-config.js';

/**
 * The last good datafile of a source. A project hands it on to the one that takes its place, which could not take an
 * event otherwise until it has been to the source, and not at all while that has nothing to give.
 */
export class KeptDatafile {
  readonly #source: DatafileSource;
  #text: string | undefined;

  /** @param before what projects that are about to be replaced have kept */
  constructor(source: DatafileSource, before: readonly KeptDatafile[] = []) {
    this.#source = source;
    const place = placeOf(source);
    this.#text = before.find(kept => kept.#text !== undefined && placeOf(kept.#source) === place)?.text;
  }

  get text(): string | undefined {
    return this.#text;
  }

  keep(text: string): void {
    this.#text = text;
  }
}

/** How often it is looked at, and with which token, makes no other datafile of it. */
function placeOf(source: DatafileSource): string {
  switch (source.kind) {
    case 'sdk-key':
      return JSON.stringify([source.kind, source.sdkKey, source.urlTemplate]);
    case 'file':
      return JSON.stringify([source.kind, source.path]);
    case 'none':
      return source.kind;
  }
}
