// SPDX-License-Identifier: Apache-2.0
import { errorLabel, type Logger, OnceLog } from '../model/logger.js';
import type { Datafile, ProjectConfig, ProjectConfigManager } from '../model/project-config.js';
import { describeBadDatafile, parseDatafile } from './parse-datafile.js';

/**
 * The datafile in force, whatever kind of manager brings it. One whose content is bad is logged and leaves the one
 * before it in force.
 */
export class ConfigSource {
  readonly #manager: ProjectConfigManager;
  readonly #logger: Logger;
  readonly #said = new OnceLog();
  readonly #onChange: (config: ProjectConfig) => void;
  readonly #unsubscribe: unknown;
  #latest: unknown;
  #config: ProjectConfig | undefined;

  /** @param onChange told of each datafile that comes into force, before `current()` first returns it to others */
  constructor(manager: ProjectConfigManager, logger: Logger, onChange: (config: ProjectConfig) => void) {
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
    this.#config = config;
    this.#onChange(config);
    return config;
  }

  stop(): void {
    if (typeof this.#unsubscribe === 'function') this.#try('onUpdate', this.#unsubscribe as () => void);
    this.#try('stop', () => this.#manager.stop?.());
  }

  #prepare(given: ProjectConfig | Datafile): ProjectConfig | undefined {
    if (typeof given === 'object' && 'attributeOpening' in given) return given;
    try {
      return parseDatafile(given, { bare: true });
    } catch (error) {
      this.#logger.error(describeBadDatafile(error, this.#config !== undefined));
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
