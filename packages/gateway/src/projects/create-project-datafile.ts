// SPDX-License-Identifier: Apache-2.0
import {
  type Logger,
  PollingProjectConfigManager,
  StaticProjectConfigManager,
} from 'opentelemetry-exporter-optimizely';
import type { DatafileSource } from '../model/gateway-config.js';
import type { Runtime } from '../model/runtime.js';
import { FileDatafile } from './file-datafile.js';
import type { KeptDatafile } from './kept-datafile.js';
import type { ProjectDatafile } from './project-datafile.js';

export interface DatafileDependencies {
  readonly logger: Logger;
  readonly runtime: Runtime;
  /** In force until the source has been looked at. */
  readonly kept: KeptDatafile;
}

export function createProjectDatafile(
  source: DatafileSource,
  { logger, runtime, kept }: DatafileDependencies,
): ProjectDatafile {
  switch (source.kind) {
    case 'sdk-key': {
      const { sdkKey, accessToken, urlTemplate, updateIntervalMillis } = source;
      return new PollingProjectConfigManager({
        sdkKey,
        datafileAccessToken: accessToken,
        urlTemplate,
        updateIntervalMillis,
        datafile: kept.text,
        cache: { get: () => undefined, set: (_key, text) => kept.keep(text) },
        logger,
        runtime,
      });
    }
    case 'file':
      return new FileDatafile(source.path, { logger, runtime, kept });
    case 'none':
      return new NoDatafile({ logger });
  }
}

class NoDatafile extends StaticProjectConfigManager implements ProjectDatafile {
  readonly lastCheckBeganAt = undefined;

  async checkNow(): Promise<boolean> {
    return false;
  }
}
