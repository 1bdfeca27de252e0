// SPDX-License-Identifier: Apache-2.0

import type { Datafile, DatafileIndex, ProjectConfigManager } from '../model/datafile-index.js';
import type { Logger } from '../model/logger.js';
import { LOGGER } from '../util/options/common-option-rows.js';
import { type OptionTable, other } from '../util/options/option-table.js';
import { takeOptions } from '../util/options/take-options.js';
import { DatafileInForce } from './datafile-in-force.js';
import { DATAFILE_TYPE, isDatafileType } from './parse-datafile.js';

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
  readonly #inForce: DatafileInForce;

  /** @throws TypeError if the datafile is neither a string nor a plain object */
  constructor(options: StaticProjectConfigManagerOptions = {}) {
    const { options: taken, logger } = takeOptions(STATIC_PROJECT_CONFIG_MANAGER, options);
    const { datafile } = taken;
    this.#inForce = new DatafileInForce(logger);
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
    return this.#inForce.replace(datafile);
  }

  getConfig(): DatafileIndex | undefined {
    return this.#inForce.index;
  }

  onUpdate(listener: () => void): () => void {
    return this.#inForce.onUpdate(listener);
  }
}

export function requireDatafileType(datafile: unknown): asserts datafile is Datafile {
  if (!isDatafileType(datafile)) throw new TypeError(`${DATAFILE_TYPE}: { datafile: json }`);
}
