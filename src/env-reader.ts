// SPDX-License-Identifier: Apache-2.0
import { isHttpUrl } from './model/http-url.js';
import type { Logger } from './model/logger.js';

/** Reads environment variables. Empty ones count as unset; nonsense is warned about, without its value, and ignored. */
export class EnvReader {
  readonly #logger: Logger;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  text(name: string): string | undefined {
    return process.env[name]?.trim() || undefined;
  }

  positiveNumber(name: string): number | undefined {
    return this.#read(name, 'a positive number', text => {
      const number = Number(text);
      return Number.isFinite(number) && number > 0 ? number : undefined;
    });
  }

  positiveInteger(name: string): number | undefined {
    return this.#read(name, 'a positive whole number', text => {
      const number = Number(text);
      return Number.isSafeInteger(number) && number > 0 ? number : undefined;
    });
  }

  boolean(name: string): boolean | undefined {
    return this.#read(name, "'true' or 'false'", text => {
      const lower = text.toLowerCase();
      return lower === 'true' ? true : lower === 'false' ? false : undefined;
    });
  }

  httpUrl(name: string): string | undefined {
    return this.#read(name, 'an http or https URL', text => (isHttpUrl(text) ? text : undefined));
  }

  oneOf<T extends string>(name: string, values: readonly T[]): T | undefined {
    return this.#read(name, `one of ${values.join(', ')}`, text => values.find(value => value === text));
  }

  #read<T>(name: string, expected: string, parse: (text: string) => T | undefined): T | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    const value = parse(text);
    if (value === undefined) this.#logger.warn(`${name} must be ${expected}; it is ignored`);
    return value;
  }
}
