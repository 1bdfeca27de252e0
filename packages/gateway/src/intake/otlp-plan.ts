// SPDX-License-Identifier: Apache-2.0

import type { DatafileIndex, ExperimentEvent } from 'opentelemetry-exporter-optimizely';
import {
  type ReadEvent,
  readExperimentEvent,
  readFlagEvaluation,
} from 'opentelemetry-exporter-optimizely/capture';
import type { OtlpAttributes, OtlpEvent, OtlpExport } from '../model/otlp-event.js';
import type { Project } from '../projects/project.js';
import type { Projects } from '../projects/projects.js';
import { describeUnresolved, identityOfKey, isShowable, quotedKey } from './describe-refusal.js';
import { keyOfDerived, keyOfEvent } from './event-key.js';
import { RequestPlan } from './request-plan.js';

const PROJECT_ATTRIBUTE = 'optimizely.project';
const EVALUATION = 'feature_flag.evaluation';
const UUID_ATTRIBUTE = 'optimizely.event.uuid';
const RECORD_UID_ATTRIBUTE = 'log.record.uid';

/**
 * Decides what is to be done with each event of an OTLP request. Nothing is taken here.
 *
 * @param namedBySender the project that the request names, for events whose resource names none
 */
export function planOtlp(
  request: OtlpExport,
  namedBySender: string | undefined,
  projects: Projects,
): RequestPlan {
  const plan = new RequestPlan();
  for (const { reason, count } of request.unreadable) {
    plan.refuse(projects.find(namedBySender)?.name ?? '', 'invalid', reason, count);
  }
  for (const event of request.events) {
    const name = nameIn(event.resource) ?? namedBySender;
    if (name === NO_NAME) {
      plan.refuse('', 'unknown_project', `the resource attribute ${PROJECT_ATTRIBUTE} is not a text`);
      continue;
    }
    const project = projects.find(name);
    if (project === undefined) refuseUnknownProject(plan, name);
    else planEvent(plan, project, event);
  }
  return plan;
}

const NO_NAME = Symbol('not a name');

/**
 * Visitors of one project must not reach another, so a name that can't be understood is not taken for none.
 *
 * @returns undefined if the resource names none
 */
function nameIn(resource: OtlpAttributes): string | typeof NO_NAME | undefined {
  const given = resource[PROJECT_ATTRIBUTE];
  // An environment variable that is not set makes an empty one.
  if (given === undefined || given === '') return undefined;
  if (typeof given === 'number' || typeof given === 'bigint') return String(given);
  return typeof given === 'string' ? given : NO_NAME;
}

function refuseUnknownProject(plan: RequestPlan, name: string | undefined): void {
  const message =
    name === undefined
      ? `no project is named, by the resource attribute ${PROJECT_ATTRIBUTE} or a header, and there is no default`
      : `project ${quotedKey(name)} is not in the gateway's configuration`;
  plan.refuse(name !== undefined && isShowable(name) ? name : '', 'unknown_project', message);
}

function planEvent(plan: RequestPlan, project: Project, event: OtlpEvent): void {
  const read = readEvent(project, event);
  switch (read?.kind) {
    case undefined:
      return;
    case 'shown':
      plan.addShown(project.name);
      return;
    case 'unreadable': {
      const { type, unusable } = read.event;
      plan.refuse(project.name, 'invalid', `${type}: its ${unusable} is missing or can't be used`);
      return;
    }
    case 'event':
      resolve(plan, project, read.event, hasDerivedUuid(event) ? keyOfDerived : keyOfEvent);
  }
}

/** @returns undefined if it is not looked at */
function readEvent(project: Project, event: OtlpEvent): ReadEvent | undefined {
  const { name, attributes, timeUnixNano, traceId, spanId, resource } = event;
  const instance = resource['service.instance.id'];
  const origin = {
    traceId,
    spanId,
    serviceInstanceId: typeof instance === 'string' ? instance : undefined,
  };
  const raw = { name, attributes, time: timeUnixNano };
  const isEvaluation = name === EVALUATION;
  if (isEvaluation && project.config.evaluationEvents !== true) return undefined;
  return isEvaluation ? readFlagEvaluation(raw, origin) : readExperimentEvent(raw, origin);
}

/** One that names a uuid may share it with others. */
function hasDerivedUuid({ attributes }: OtlpEvent): boolean {
  return attributes[UUID_ATTRIBUTE] === undefined && attributes[RECORD_UID_ATTRIBUTE] === undefined;
}

function resolve(
  plan: RequestPlan,
  project: Project,
  event: ExperimentEvent,
  keyOf: (event: ExperimentEvent) => string,
): void {
  const { datafile } = project;
  if (datafile === undefined) {
    if (project.config.source.kind !== 'none')
      plan.postpone('no_datafile', `project ${quotedKey(project.name)} waits for its datafile`);
    else
      plan.refuse(project.name, 'unknown_project', `project ${quotedKey(project.name)} has no datafile here`);
    return;
  }
  const complete = withRule(event, datafile);
  if (complete === undefined) return;
  const resolved = complete.type === 'unresolved' ? complete : project.resolve(complete, datafile);
  if (resolved.type !== 'unresolved') {
    const shown = complete as ExperimentEvent;
    plan.take(project, { serialized: resolved, shown, key: keyOf(shown) });
    return;
  }
  if (
    resolved.reason === 'unknown_key' &&
    !project.isUnknownForGood(identityOfKey(event, resolved), event.timestamp)
  ) {
    const what = describeUnresolved(event, resolved, datafile.context.revision);
    plan.postpone('unknown_key', `${what}; a newer datafile is looked for`);
    return;
  }
  plan.refuse(project.name, resolved.reason, describeUnresolved(event, resolved, datafile.context.revision));
}

/** @returns undefined for a flag evaluation that no experiment decided */
function withRule(event: ExperimentEvent, datafile: DatafileIndex) {
  if (event.type !== 'impression' || event.inferRule !== true) return event;
  const rule = datafile.inferRule(event.flagKey, event.variationKey);
  if (rule === 'none') return undefined;
  if (rule === 'ambiguous') return { type: 'unresolved', reason: 'no_experiment', field: 'flagKey' } as const;
  return { ...event, ...rule, inferRule: undefined };
}
