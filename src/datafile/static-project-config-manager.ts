// SPDX-License-Identifier: Apache-2.0

import type { Datafile, DatafileIndex, ProjectConfigManager } from '../model/datafile-index.js';
import type { Logger, PackageLogger } from '../model/logger.js';
import { errorLabel } from '../util/error-label.js';
import { LOGGER } from '../util/options/common-option-rows.js';
import { type OptionTable, other } from '../util/options/option-table.js';
import { takeOptions } from '../util/options/take-options.js';
import { contentFingerprint } from './content-fingerprint.js';
import {
  DATAFILE_TYPE,
  describeBadDatafile,
  isDatafileType,
  prepareDatafile,
  readDatafile,
} from './parse-datafile.js';

export interface StaticProjectConfigManagerOptions {
  /** JSON text or the object it holds. @default none: events are held until `setDatafile` */
  datafile?: Datafile | undefined;
  /** @default OpenTelemetry's `diag` */
  logger?: Logger | undefined;
}

export const STATIC_PROJECT_CONFIG_MANAGER = {
  name: 'StaticProjectConfigManager',
  example: 'new StaticProjectConfigManager({ datafile })',
  table: {
    datafile: other<Datafile>(),
    logger: LOGGER,
  } satisfies OptionTable<StaticProjectConfigManagerOptions>,
};

/** Holds a datafile that you set yourself: at start, from a webhook, or from a file that you watch. */
export class StaticProjectConfigManager implements ProjectConfigManager {
  readonly #logger: PackageLogger;
  readonly #listeners = new Set<() => void>();
  #config: DatafileIndex | undefined;
  #fingerprint: string | undefined;

  /** @throws TypeError if the datafile is neither a string nor a plain object */
  constructor(options: StaticProjectConfigManagerOptions = {}) {
    const { options: taken, logger } = takeOptions(STATIC_PROJECT_CONFIG_MANAGER, options);
    const { datafile } = taken;
    this.#logger = logger;
    if (datafile !== undefined) {
      requireDatafileType(datafile);
      this.setDatafile(datafile);
    }
  }

  /**
   * Puts a datafile in force. A new revision flushes the events of the old one at once. If the content can't be used, an
   * error is logged and nothing changes. If it is the datafile in force, nothing changes and no listener is called.
   *
   * @returns whether it is in force now
   */
  setDatafile(datafile: Datafile): boolean {
    try {
      const content = readDatafile(datafile);
      // Text that nests too deep to be written again is known by its characters.
      const fingerprint =
        contentFingerprint(content) ??
        (typeof datafile === 'string' ? contentFingerprint([datafile]) : undefined);
      if (fingerprint !== undefined && fingerprint === this.#fingerprint) return true;
      this.#config = prepareDatafile(content);
      this.#fingerprint = fingerprint;
    } catch (error) {
      this.#logger.alert(
        'OPTIMIZELY_BAD_DATAFILE',
        'error',
        describeBadDatafile(error, this.#config !== undefined),
      );
      return false;
    }
    for (const listener of [...this.#listeners]) {
      try {
        listener();
      } catch (error) {
        this.#logger.error(`an onUpdate listener failed: ${errorLabel(error)}`);
      }
    }
    return true;
  }

  getConfig(): DatafileIndex | undefined {
    return this.#config;
  }

  onUpdate(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}

export function requireDatafileType(datafile: unknown): asserts datafile is Datafile {
  if (!isDatafileType(datafile)) throw new TypeError(`${DATAFILE_TYPE}: { datafile: json }`);
}
