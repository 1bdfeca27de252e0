// SPDX-License-Identifier: Apache-2.0
import type { GatewayConfig, ProjectConfig } from '../model/gateway-config.js';
import { ConfigError } from './config-error.js';
import { requireStore } from './project-entry.js';

export interface SingleProjectOptions extends Omit<ProjectConfig, 'source' | 'projectId'> {
  /** Fetches the datafile of this SDK key. One of the two is required. */
  readonly sdkKey?: string | undefined;
  /** A file with the datafile. One of the two is required. */
  readonly datafile?: string | undefined;
  /** Access token of a secure environment. */
  readonly datafileAccessToken?: string | undefined;
  /** Where the datafile is; {sdkKey} stands for the SDK key. */
  readonly datafileUrlTemplate?: string | undefined;
  readonly ackTimeoutMillis?: number | undefined;
}

/**
 * The configuration of a gateway for one project, named `default`.
 *
 * @throws ConfigError if the options do not go together
 */
export function singleProject(options: SingleProjectOptions): GatewayConfig {
  const { sdkKey, datafile, datafileAccessToken, datafileUrlTemplate, ackTimeoutMillis, ...project } =
    options;
  if ((sdkKey === undefined) === (datafile === undefined)) {
    throw new ConfigError('give an SDK key or a datafile, and not both');
  }
  const source =
    datafile === undefined
      ? ({
          kind: 'sdk-key',
          sdkKey: sdkKey ?? '',
          accessToken: datafileAccessToken,
          urlTemplate: datafileUrlTemplate,
        } as const)
      : ({ kind: 'file', path: datafile } as const);
  const config: ProjectConfig = { ...project, source };
  requireStore(config, 'the gateway');
  return { projects: { default: config }, ackTimeoutMillis };
}
