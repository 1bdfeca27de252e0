// SPDX-License-Identifier: Apache-2.0
import { sameContext } from '../model/event-context.js';
import { errorLabel, OnceLog, type PackageLogger } from '../model/logger.js';
import type { Datafile, ProjectConfig, ProjectConfigManager } from '../model/project-config.js';
import { describeBadDatafile, parseDatafile } from './parse-datafile.js';

/**
 * The datafile in force, whatever kind of manager brings it. One whose content is bad is logged and leaves the one
 * before it in force.
 */
export class ConfigSource {
  readonly #manager: ProjectConfigManager;
  readonly #logger: PackageLogger;
  readonly #said = new OnceLog();
  readonly #onChange: (config: ProjectConfig) => void;
  readonly #unsubscribe: unknown;
  #latest: unknown;
  #config: ProjectConfig | undefined;

  /** @param onChange told of each datafile that comes into force, before `current()` first returns it to others */
  constructor(
    manager: ProjectConfigManager,
    logger: PackageLogger,
    onChange: (config: ProjectConfig) => void,
  ) {
    this.#manager = manager;
    this.#logger = logger;
    this.#onChange = onChange;
    this.#unsubscribe = this.#try('onUpdate', () => manager.onUpdate?.(() => void this.current()));
  }

  current(): ProjectConfig | undefined {
    const given = this.#try('getConfig', () => this.#manager.getConfig());
    if (given === this.#latest || given === null || given === undefined) return this.#config;
    this.#latest = given;
    const config = this.#prepare(given);
    if (config === undefined) return this.#config;
    const before = this.#config;
    this.#config = config;
    // Another object of the same revision is nothing new to those who listen.
    if (before === undefined || !sameContext(before.context, config.context)) {
      if (before !== undefined) this.#noteOlder(before.context.revision, config.context.revision);
      this.#onChange(config);
    }
    return config;
  }

  /** Whether one is in force, waiting `timeoutMillis` at most for the first where the manager can tell. */
  async ready(timeoutMillis: number): Promise<boolean> {
    try {
      await this.#manager.onReady?.({ timeoutMillis });
    } catch (error) {
      if (this.#said.first('onReady'))
        this.#logger.error(`projectConfigManager.onReady failed: ${errorLabel(error)}`);
    }
    return this.current() !== undefined;
  }

  async stop(): Promise<void> {
    if (typeof this.#unsubscribe === 'function') this.#try('onUpdate', this.#unsubscribe as () => void);
    await this.#try('stop', () => this.#manager.stop?.());
  }

  /** The CDN's word counts: a revision may have been taken back. */
  #noteOlder(before: string, now: string): void {
    if (Number(now) < Number(before))
      this.#logger.info(`datafile revision ${now} replaces the newer ${before}`);
  }

  #prepare(given: ProjectConfig | Datafile): ProjectConfig | undefined {
    if (typeof given === 'object' && 'attributeOpening' in given) return given;
    try {
      return parseDatafile(given, { bare: true });
    } catch (error) {
      this.#logger.alert(
        'OPTIMIZELY_BAD_DATAFILE',
        'error',
        describeBadDatafile(error, this.#config !== undefined),
      );
      return undefined;
    }
  }

  /** A manager of the application's own may throw. */
  #try<T>(method: string, call: () => T): T | undefined {
    try {
      return call();
    } catch (error) {
      if (this.#said.first(method)) {
        this.#logger.error(`projectConfigManager.${method} failed: ${errorLabel(error)}`);
      }
      return undefined;
    }
  }
}
