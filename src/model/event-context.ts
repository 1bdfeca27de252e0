// SPDX-License-Identifier: Apache-2.0

/** What all events of one batch share. Optimizely attributes a whole request to it, so a batch never mixes two. */
export interface EventContext {
  readonly region: 'US' | 'EU';
  readonly accountId: string;
  readonly projectId: string;
  readonly revision: string;
  readonly clientName: string;
  readonly clientVersion: string;
  readonly anonymizeIP: boolean;
  /** undefined: the datafile does not say. */
  readonly botFiltering: boolean | undefined;
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
      a.botFiltering === b.botFiltering)
  );
}

/** A batch's text is opening, visitors separated by commas, `ENVELOPE_END`: nobody parses or serialises it again. */
export const ENVELOPE_END = ']}';

const openings = new WeakMap<EventContext, { text: string; bytes: number }>();

function opening(context: EventContext): { text: string; bytes: number } {
  let known = openings.get(context);
  if (known === undefined) {
    const members = JSON.stringify({
      account_id: context.accountId,
      project_id: context.projectId,
      revision: context.revision,
      client_name: context.clientName,
      client_version: context.clientVersion,
      anonymize_ip: context.anonymizeIP,
      enrich_decisions: true,
    });
    const text = `${members.slice(0, -1)},"visitors":[`;
    known = { text, bytes: Buffer.byteLength(text) };
    openings.set(context, known);
  }
  return known;
}

export function envelopeStart(context: EventContext): string {
  return opening(context).text;
}

/** UTF-8 bytes of a batch of this context without its visitors. */
export function envelopeBytes(context: EventContext): number {
  return opening(context).bytes + ENVELOPE_END.length;
}
