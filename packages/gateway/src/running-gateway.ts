// SPDX-License-Identifier: Apache-2.0
import type { LedgerSnapshot, Logger } from 'opentelemetry-exporter-optimizely';
import type { Gateway } from './gateway.js';
import type { Door } from './model/door.js';
import type { Engine } from './model/engine.js';
import type { RelayOptions } from './model/relay-options.js';
import type { ServerOptions } from './model/server-options.js';
import type { GatewayOptions } from './options/gateway-options.js';
import { resolveOptions } from './options/resolve-options.js';
import type { PrometheusPage } from './server/prometheus-page.js';
import type { DoorName } from './server/routes.js';
import type { Serving } from './server/serve.js';

export interface RunningGatewayParts {
  readonly options: GatewayOptions;
  readonly nameOf: (option: string) => string;
  /** What the server was started with. */
  readonly server: ServerOptions;
  readonly relay: RelayOptions | undefined;
  readonly serving: Serving;
  readonly engine: Engine;
  readonly page: PrometheusPage;
  readonly logger: Logger;
  readonly doorsOf: (engine: Engine) => Readonly<Record<DoorName, Door>>;
}

export class RunningGateway implements Gateway {
  readonly #parts: RunningGatewayParts;
  #closed: Promise<void> | undefined;

  constructor(parts: RunningGatewayParts) {
    this.#parts = parts;
  }

  get url(): string {
    return this.#parts.serving.url;
  }

  get address(): { readonly address: string; readonly port: number } {
    const { address, port } = this.#parts.serving.address;
    return { address, port };
  }

  get ready(): boolean {
    const isOpen = this.#closed === undefined;
    return isOpen && this.#parts.engine.projects().some(({ notReady }) => notReady === undefined);
  }

  ledger(): Readonly<Record<string, LedgerSnapshot>> {
    return Object.fromEntries(this.#parts.engine.projects().map(({ name, ledger }) => [name, ledger]));
  }

  async reload(): Promise<readonly string[]> {
    if (this.#closed !== undefined) return ['the gateway is ending'];
    const problems = [...this.#parts.serving.reload(), ...(await this.#reloadConfig())];
    if (problems.length === 0)
      this.#parts.logger.info('configuration, tokens, and certificates were read again');
    return problems;
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #reloadConfig(): Promise<readonly string[]> {
    const { options, nameOf, engine, serving, doorsOf } = this.#parts;
    if (options.config === undefined) return [];
    try {
      const { config, server } = resolveOptions(options, nameOf);
      this.#noteUnchangeable(server);
      this.#noteRelay(config.relay);
      const replacedHaveEnded = engine.reload(config);
      serving.useDoors(doorsOf(engine));
      await replacedHaveEnded;
      return [];
    } catch (error) {
      return [this.#keepOld(error)];
    }
  }

  #keepOld(error: unknown): string {
    const problem = `the configuration stays as it was: ${error instanceof Error ? error.message : 'unknown error'}`;
    this.#parts.logger.error(problem);
    return problem;
  }

  /** The port, the limits, and which files are read are those of the start. */
  #noteUnchangeable(server: ServerOptions): void {
    const before = this.#parts.server;
    const names = new Set([...Object.keys(before), ...Object.keys(server)]) as Set<keyof ServerOptions>;
    const changed = [...names].filter(name => before[name] !== server[name]);
    if (changed.length === 0) return;
    this.#parts.logger.warn(`changes of server.${changed.join(', server.')} take effect at the next start`);
  }

  #noteRelay(relay: RelayOptions | undefined): void {
    if (JSON.stringify(relay) === JSON.stringify(this.#parts.relay)) return;
    this.#parts.logger.warn('changes of relay take effect at the next start');
  }

  async #close(): Promise<void> {
    const { serving, engine, page, logger } = this.#parts;
    logger.info('ending: requests are refused, and what was taken is delivered');
    serving.drain();
    engine.drain();
    await engine.close();
    await serving.close();
    await page.close();
    logger.info('ended');
  }
}
