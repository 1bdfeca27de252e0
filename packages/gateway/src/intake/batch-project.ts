// SPDX-License-Identifier: Apache-2.0
import type { BatchOrigin } from '../model/intake.js';
import type { BatchReceipt } from '../model/receipt.js';
import type { Runtime } from '../model/runtime.js';
import type { Project } from '../projects/project.js';
import type { Projects } from '../projects/projects.js';
import { quotedKey } from './describe-refusal.js';
import { later503 } from './give-receipt.js';

type JsonObject = Readonly<Record<string, unknown>>;

/** The project that a batch says it is of. @returns undefined if it says none */
export function projectIdOf({ project_id: id }: JsonObject): string | undefined {
  if (typeof id === 'number') return String(id);
  return typeof id === 'string' && id !== '' ? id : undefined;
}

export const WITHOUT_PROJECT: BatchReceipt = {
  status: 'malformed',
  message: 'the batch has no project_id',
};

/** What is answered where no project has the id. It may be that of a datafile that is yet to come. */
export function answerToUnknown(id: string, projects: Projects, runtime: Runtime): BatchReceipt {
  const mayCome = projects
    .all()
    .some(project => project.projectId === undefined && project.config.source.kind !== 'none');
  if (mayCome) return later503('no_datafile', runtime);
  const message = `project_id ${quotedKey(id)} is of no project in the gateway's configuration`;
  return { status: 'unknown_project', message };
}

/** @param origin what is known where the batch came through a stream */
export function regionOf(project: Project, { region }: JsonObject, origin?: BatchOrigin): 'US' | 'EU' {
  const known = project.datafile?.context.region ?? origin?.region;
  if (known !== undefined) return known;
  return typeof region === 'string' && region.toUpperCase() === 'EU' ? 'EU' : 'US';
}
