// SPDX-License-Identifier: Apache-2.0
import type { EventContext } from '../model/event-context.js';
import { memberOf } from './own-members.js';

/** The envelope of an event that another SDK built. */
export function envelopeOf(context: EventContext): string | undefined {
  return context.envelope === undefined ? undefined : memberOf(context, 'envelope');
}

export function sameContext(a: EventContext, b: EventContext): boolean {
  return (
    a === b ||
    (a.region === b.region &&
      a.accountId === b.accountId &&
      a.projectId === b.projectId &&
      a.revision === b.revision &&
      a.clientName === b.clientName &&
      a.clientVersion === b.clientVersion &&
      a.anonymizeIP === b.anonymizeIP &&
      a.botFiltering === b.botFiltering &&
      envelopeOf(a) === envelopeOf(b))
  );
}

/** A batch's text is opening, visitors separated by commas, `ENVELOPE_END`: it is never parsed or serialized again. */
export const ENVELOPE_END = ']}';

interface Opening {
  readonly text: string;
  readonly bytes: number;
}

const openings = new WeakMap<EventContext, Opening>();

// Asked for several times an event, and nearly always for the same one.
let lastContext: EventContext | undefined;

let lastOpening: Opening | undefined;

function opening(context: EventContext): Opening {
  if (context === lastContext && lastOpening !== undefined) return lastOpening;
  const known = openings.get(context) ?? makeOpening(context);
  lastContext = context;
  lastOpening = known;
  return known;
}

function makeOpening(context: EventContext): Opening {
  const members = envelopeOf(context) ?? membersOf(context);
  const text = `${members.slice(0, -1)}${members === '{}' ? '' : ','}"visitors":[`;
  const made = { text, bytes: Buffer.byteLength(text) };
  openings.set(context, made);
  return made;
}

function membersOf(context: EventContext): string {
  return JSON.stringify({
    account_id: context.accountId,
    project_id: context.projectId,
    revision: context.revision,
    client_name: context.clientName,
    client_version: context.clientVersion,
    anonymize_ip: context.anonymizeIP,
    enrich_decisions: true,
  });
}

export function envelopeStart(context: EventContext): string {
  return opening(context).text;
}

/** UTF-8 bytes of a batch of this context without its visitors. */
export function envelopeBytes(context: EventContext): number {
  return opening(context).bytes + ENVELOPE_END.length;
}
