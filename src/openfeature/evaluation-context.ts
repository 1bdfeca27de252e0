// SPDX-License-Identifier: Apache-2.0
import type { UserAttributes } from '../model/experiment-event.js';
import type { EvaluationContextLike } from './openfeature-types.js';

/** Who an event is about, as members of a record call. */
export interface Subject {
  readonly userId: string;
  readonly attributes: UserAttributes;
}

/**
 * The targeting key is the visitor id. Without one the event is recorded all the same, and refused and counted there:
 * that a decision has no visitor is worth knowing.
 */
export function subjectOf(context: EvaluationContextLike | undefined): Subject {
  const attributes: UserAttributes = {};
  for (const [key, value] of Object.entries(context ?? {})) {
    if (key !== 'targetingKey' && isPrimitive(value)) attributes[key] = value;
  }
  return { userId: context?.targetingKey as string, attributes };
}

function isPrimitive(value: unknown): value is string | number | boolean {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
}
