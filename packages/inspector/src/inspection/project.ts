// SPDX-License-Identifier: Apache-2.0
import { DatafileIds, readDatafile } from 'opentelemetry-exporter-optimizely/testing';
import { ProjectNames } from './project-names.js';

/** A datafile, as the checks and the people who read the page need it. */
export interface Project {
  readonly index: DatafileIds;
  readonly names: ProjectNames;
}

/** @throws Error what is wrong with the datafile, without quoting it */
export function readProject(text: string): Project {
  const content = readDatafile(text);
  return { index: new DatafileIds(content), names: new ProjectNames(content) };
}
