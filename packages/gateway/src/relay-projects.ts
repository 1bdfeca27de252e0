// SPDX-License-Identifier: Apache-2.0
import type { Logger } from 'opentelemetry-exporter-optimizely';
import type { GatewayConfig, ProjectConfig } from './model/gateway-config.js';
import type { GatewayRole } from './model/relay-options.js';

export function mapProjects(
  config: GatewayConfig,
  change: (project: ProjectConfig) => ProjectConfig,
): GatewayConfig {
  const projects = Object.entries(config.projects).map(([name, project]) => [name, change(project)] as const);
  return { ...config, projects: Object.fromEntries(projects) };
}

/** What a project's configuration may say and a role has no use for; both roles may share one file. */
const WITHOUT_EFFECT: Readonly<Record<GatewayRole, readonly (keyof ProjectConfig)[]>> = {
  receive: ['endpoint'],
  deliver: ['store', 'ack', 'allowedAttributes', 'userIdHashKey', 'dedupe', 'evaluationEvents'],
  both: [],
};

/**
 * Says which options of its projects the gateway does not look at.
 *
 * @param said what was said before, and is not said again
 */
export function noteWithoutEffect(
  { projects }: GatewayConfig,
  role: GatewayRole,
  logger: Logger,
  said: Set<string>,
): void {
  for (const [name, project] of Object.entries(projects)) {
    const given = WITHOUT_EFFECT[role].filter(option => project[option] !== undefined);
    if (given.length === 0) continue;
    const other = role === 'receive' ? 'deliver' : 'receive';
    const line =
      `project ${name}: ${given.join(', ')} ${given.length === 1 ? 'has' : 'have'} no effect with role ${role}: ` +
      `the gateways with role ${other} look at that`;
    if (!said.has(line)) logger.warn(line);
    said.add(line);
  }
}
