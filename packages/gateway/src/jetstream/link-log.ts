// SPDX-License-Identifier: Apache-2.0
import type { Logger } from 'opentelemetry-exporter-optimizely';

/** Logs how links to NATS fare: what befalls several links of one gateway is said once. */
export class LinkLog {
  readonly #logger: Logger;
  /** What the present episode of failures has logged, and for which links it still holds. */
  readonly #failures = new Map<string, Set<object>>();
  /** The latest that was said of a server's version. */
  #warning: string | undefined;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /** @param line logged unless another failure of the episode was the same */
  failed(link: object, line: string): void {
    const links = this.#failures.get(line);
    if (links !== undefined) {
      links.add(link);
      return;
    }
    this.#failures.set(line, new Set([link]));
    this.#logger.error(line);
  }

  /** @param line logged if this ends an episode of failures */
  worked(link: object, line: string): void {
    if (this.#failures.size === 0) return;
    for (const [failure, links] of this.#failures) {
      links.delete(link);
      if (links.size === 0) this.#failures.delete(failure);
    }
    if (this.#failures.size === 0) this.#logger.info(line);
  }

  /** Logs it each time. */
  happened(level: 'info' | 'warn', line: string): void {
    this.#logger[level](line);
  }

  warn(line: string): void {
    if (line === this.#warning) return;
    this.#warning = line;
    this.#logger.warn(line);
  }
}
