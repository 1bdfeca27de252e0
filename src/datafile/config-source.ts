// SPDX-License-Identifier: Apache-2.0

import type { Datafile, DatafileIndex, ProjectConfigManager } from '../model/datafile-index.js';
import type { PackageLogger } from '../model/logger.js';
import type { Runtime } from '../model/runtime.js';
import { sameContext } from '../util/envelope.js';
import { EpisodeLog } from '../util/episode-log.js';
import { isThenable, Seam } from '../util/guard.js';
import { isObject } from '../util/json.js';
import { hasMember, memberOf } from '../util/own-members.js';
import { DatafileError, describeBadDatafile } from './parse-datafile.js';
import { PreparedDatafiles } from './prepared-datafiles.js';

export interface ConfigSourceDependencies {
  readonly logger: PackageLogger;
  readonly runtime: Pick<Runtime, 'monotonic'>;
}

const CONTEXT_TEXTS = ['accountId', 'projectId', 'revision'] as const;
const METHODS = [
  'hasFlag',
  'findRule',
  'findRuleById',
  'findFlagVariationId',
  'inferRule',
  'findEventId',
  'attributeOpening',
] as const;
const NEITHER = 'an object that is neither a datafile nor a DatafileIndex';
const SAME_OBJECT = 'getConfig is to return another object for another datafile';

/**
 * The datafile in force, whatever kind of manager brings it. One whose content is bad is logged and leaves the one
 * before it in force; so does a manager that fails, or has none for a while.
 */
export class ConfigSource {
  readonly #manager: ProjectConfigManager;
  readonly #deps: ConfigSourceDependencies;
  readonly #seam: Seam;
  readonly #episodes = new EpisodeLog();
  readonly #datafiles: PreparedDatafiles;
  readonly #unsubscribe: unknown;
  #latest: unknown;
  #config: DatafileIndex | undefined;
  #isAsking = false;
  #onChange: (config: DatafileIndex) => void = () => {};

  constructor(manager: ProjectConfigManager, dependencies: ConfigSourceDependencies) {
    this.#manager = manager;
    this.#deps = dependencies;
    this.#seam = new Seam('projectConfigManager', dependencies.logger);
    this.#datafiles = new PreparedDatafiles(dependencies.runtime, () =>
      this.#info('changed in place', `projectConfigManager changes its datafile in place: ${SAME_OBJECT}`),
    );
    this.#unsubscribe = this.#seam.call<unknown>('onUpdate', undefined, () =>
      memberOf(manager, 'onUpdate')?.call(manager, () => void this.current()),
    );
  }

  /** What `current()` returned last, without asking the manager. */
  get inForce(): DatafileIndex | undefined {
    return this.#config;
  }

  /** @param listener told of the datafile in force, if there is one, and of each that comes, before `current()` returns it */
  onChange(listener: (config: DatafileIndex) => void): void {
    const inForce = this.current();
    this.#onChange = listener;
    if (inForce !== undefined) listener(inForce);
  }

  /** @returns undefined if there has been no usable datafile yet */
  current(): DatafileIndex | undefined {
    // A getConfig that records an event asks for the datafile again.
    if (this.#isAsking) return this.#config;
    this.#isAsking = true;
    try {
      const given = this.#ask();
      if (given === this.#latest && given !== undefined) return this.#config;
      this.#seam.watch('getConfig', given);
      this.#take(given);
    } catch (error) {
      this.#seam.failed('getConfig', error);
    } finally {
      this.#isAsking = false;
    }
    return this.#config;
  }

  /** For each event: not by way of the seam, whose closure would be made each time. */
  #ask(): DatafileIndex | Datafile | null | undefined {
    try {
      return this.#manager.getConfig();
    } catch (error) {
      this.#seam.failed('getConfig', error);
      return undefined;
    }
  }

  /** Whether one is in force, waiting `timeoutMillis` at most for the first where the manager can tell. */
  async ready(timeoutMillis: number): Promise<boolean> {
    const manager = this.#manager;
    await this.#seam.settle('onReady', () => memberOf(manager, 'onReady')?.call(manager, { timeoutMillis }));
    return this.current() !== undefined;
  }

  async stop(): Promise<void> {
    const [manager, unsubscribe] = [this.#manager, this.#unsubscribe];
    if (typeof unsubscribe === 'function') this.#seam.call('onUpdate', undefined, () => unsubscribe());
    await this.#seam.settle('stop', () => memberOf(manager, 'stop')?.call(manager));
  }

  #take(given: DatafileIndex | Datafile | null | undefined): void {
    if (given === null || given === undefined) {
      if (this.#config !== undefined) this.#noteNothing(this.#config.context.revision);
      return;
    }
    const config = this.#prepare(given);
    if (config instanceof DatafileError) {
      this.#alert(describeBadDatafile(config, this.#config !== undefined));
      return;
    }
    // Neither changes in place; another object is looked at each time, which is cheap.
    if (typeof given === 'string' || given === config) this.#latest = given;
    else this.#latest = undefined;
    this.#bringIntoForce(config);
  }

  #prepare(given: DatafileIndex | Datafile): DatafileIndex | DatafileError {
    if (isThenable(given)) return new DatafileError('projectConfigManager.getConfig returned a promise');
    if (!isPrepared(given)) return this.#datafiles.prepare(given);
    return isWhole(given) ? given : new DatafileError(`projectConfigManager.getConfig returned ${NEITHER}`);
  }

  #bringIntoForce(config: DatafileIndex): void {
    const before = this.#config;
    this.#config = config;
    // Another object of the same revision is nothing new to those who listen.
    if (before !== undefined && sameContext(before.context, config.context)) return;
    if (before !== undefined) this.#noteOlder(before.context.revision, config.context.revision);
    this.#onChange(config);
  }

  #noteNothing(inForce: string): void {
    if (!this.#isFirst('nothing given')) return;
    this.#deps.logger.warn(
      `projectConfigManager.getConfig returned no datafile; revision ${inForce} stays in force`,
    );
  }

  /** The CDN's word counts: a revision may have been taken back. */
  #noteOlder(before: string, now: string): void {
    if (Number(now) < Number(before)) {
      this.#info('older revision', `datafile revision ${now} replaces the newer ${before}`);
    }
  }

  #info(kind: string, message: string): void {
    if (this.#isFirst(kind)) this.#deps.logger.info(message);
  }

  #alert(message: string): void {
    if (this.#isFirst(message)) this.#deps.logger.alert('OPTIMIZELY_BAD_DATAFILE', 'error', message);
  }

  #isFirst(kind: string): boolean {
    return this.#episodes.first(kind, this.#deps.runtime.monotonic());
  }
}

/** Ready for lookups: of a manager of this package, or a DatafileIndex of the application's own. */
function isPrepared(given: DatafileIndex | Datafile): given is DatafileIndex {
  return typeof given === 'object' && hasMember(given, 'attributeOpening');
}

/** What its methods throw later is a failure of that event alone. */
function isWhole(config: DatafileIndex): boolean {
  const { context } = config;
  if (!isObject(context) || CONTEXT_TEXTS.some(name => typeof context[name] !== 'string')) return false;
  return METHODS.every(name => typeof config[name] === 'function');
}
