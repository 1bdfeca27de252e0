// SPDX-License-Identifier: Apache-2.0
import type { Logger } from '../model/logger.js';
import { isObjectLike } from '../util/guard.js';
import type { ClientInstrumenter } from './client-instrumenter.js';
import type { CreateInstance, SdkExports } from './sdk-shapes.js';

interface Patch {
  readonly exports: SdkExports;
  readonly original: CreateInstance;
  readonly patched: CreateInstance;
}

/** Where `createInstance` of Optimizely's SDK was replaced, in every copy of the SDK that was loaded. */
export class PatchedExports {
  readonly #instrumenter: ClientInstrumenter;
  readonly #logger: Logger;
  readonly #patches: Patch[] = [];

  constructor(instrumenter: ClientInstrumenter, logger: Logger) {
    this.#instrumenter = instrumenter;
    this.#logger = logger;
  }

  patch(exports: SdkExports): void {
    // Version 5 has all of it in a default export too, and so has what an ES module sees of a CommonJS one.
    const places = new Set<SdkExports>();
    for (let place: SdkExports | undefined = exports; isObjectLike(place); place = place.default) {
      if (places.has(place)) break;
      places.add(place);
      this.#patchPlace(place);
    }
  }

  patchAgain(): void {
    for (const { exports, patched } of this.#patches) this.#assign(exports, patched);
  }

  restore(): void {
    for (const { exports, original, patched } of this.#patches) {
      // Code that wrapped it after us keeps a function that does nothing but call the original, while we are disabled.
      if (exports.createInstance === patched) this.#assign(exports, original);
    }
  }

  #patchPlace(exports: SdkExports): void {
    const original = exports.createInstance;
    if (typeof original !== 'function' || this.#patches.some(({ patched }) => patched === original)) return;
    const instrumenter = this.#instrumenter;
    const patched: CreateInstance = function createInstance(...args) {
      const client = Reflect.apply(original, this, args);
      instrumenter.instrument(exports, client);
      return client;
    };
    this.#patches.push({ exports, original, patched });
    this.#assign(exports, patched);
  }

  #assign(exports: SdkExports, value: CreateInstance): void {
    const name = 'createInstance';
    const descriptor = { __proto__: null, value } as PropertyDescriptor;
    const isDone = Reflect.set(exports, name, value) || Reflect.defineProperty(exports, name, descriptor);
    if (!isDone) {
      this.#logger.error(
        "createInstance() of Optimizely's SDK can't be replaced: its clients are not instrumented, give them createSpanEventDispatcher(processor)",
      );
    }
  }
}
