// SPDX-License-Identifier: Apache-2.0
import type { Span } from '@opentelemetry/api';
import type { InstalledProcessor } from '../model/installed-processor.js';
import { memberOf } from '../util/own-members.js';
import { installedProcessors, ownersOf } from '../util/processor-registry.js';
import { recordingSpan } from './record.js';

/** An installed processor that takes resolved events; those of older copies of the package do not. */
export type ResolvedEventReceiver = InstalledProcessor & Required<Pick<InstalledProcessor, 'process'>>;

/**
 * The installed processors that get a resolved event: those whose datafile is of the event's project, or that have no
 * datafile yet. Among them, those that own the span come first.
 *
 * @param given the span that shows the event; undefined for the active one, null for none
 * @returns none if all installed processors are of other projects, whose figures are no place for the event
 */
export function projectReceivers(projectId: unknown, given?: Span | null): readonly ResolvedEventReceiver[] {
  const installed = installedProcessors().filter(takesResolved);
  const span = given === null ? undefined : recordingSpan(given);
  const owning = (span && ownersOf(span)) ?? [];
  const owners = installed.filter(processor => owning.includes(processor));
  for (const wanted of [projectId, undefined]) {
    for (const candidates of [owners, installed]) {
      const receivers = candidates.filter(
        processor => memberOf(processor, 'projectId')?.call(processor) === wanted,
      );
      if (receivers.length > 0) return receivers;
    }
  }
  return [];
}

function takesResolved(processor: InstalledProcessor): processor is ResolvedEventReceiver {
  return typeof processor.process === 'function';
}
