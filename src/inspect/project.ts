// SPDX-License-Identifier: Apache-2.0
import { DatafileIds } from '../checks/datafile-index.js';
import { type JsonObject, parseJson } from '../util/json.js';
import { ProjectNames } from './project-names.js';

/** A datafile, as checks and people need it. */
export interface Project {
  readonly index: DatafileIds;
  readonly names: ProjectNames;
}

/** @throws TypeError not a datafile, in words */
export function readProject(text: string): Project {
  const index = new DatafileIds(text);
  return { index, names: new ProjectNames(parseJson(text) as JsonObject) };
}
