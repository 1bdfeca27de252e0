// SPDX-License-Identifier: Apache-2.0
import type { Project } from '../inspection/project.js';
import type { ProjectView } from './types.js';

/** What the datafile says of itself. */
export function viewProject({ names }: Project): ProjectView {
  const { accountId, projectId, environmentKey, region, sendFlagDecisions = false, botFiltering } = names;
  return { accountId, projectId, environmentKey, region, sendFlagDecisions, botFiltering };
}
