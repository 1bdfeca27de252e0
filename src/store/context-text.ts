// SPDX-License-Identifier: Apache-2.0
import type { EventContext } from '../model/event-context.js';
import { envelopeOf } from '../util/envelope.js';

/** A context as records carry it: its members in a fixed order, without their names. */
export function contextToText(context: EventContext): string {
  const members: unknown[] = [
    context.region,
    context.accountId,
    context.projectId,
    context.revision,
    context.clientName,
    context.clientVersion,
    context.anonymizeIP,
    context.botFiltering ?? null,
  ];
  const envelope = envelopeOf(context);
  if (envelope !== undefined) members.push(envelope);
  return JSON.stringify(members);
}

/** Reads contexts back. Equal texts give the same object, so that a batch's envelope is made once. */
export class ContextTexts {
  #text: string | undefined;
  #context: EventContext | undefined;

  parse(text: string): EventContext | undefined {
    if (text !== this.#text) {
      this.#context = parse(text);
      this.#text = text;
    }
    return this.#context;
  }
}

function parse(text: string): EventContext | undefined {
  const members: unknown = JSON.parse(text);
  if (!Array.isArray(members) || members.length < 8 || members.length > 9) return undefined;
  const [region, accountId, projectId, revision, clientName, clientVersion, anonymizeIP, botFiltering] =
    members as unknown[];
  const envelope: unknown = members[8];
  const texts = [accountId, projectId, revision, clientName, clientVersion];
  if ((region !== 'US' && region !== 'EU') || !texts.every(member => typeof member === 'string')) {
    return undefined;
  }
  if (typeof anonymizeIP !== 'boolean') return undefined;
  if (botFiltering !== null && typeof botFiltering !== 'boolean') return undefined;
  if (envelope !== undefined && typeof envelope !== 'string') return undefined;
  return {
    region,
    accountId: accountId as string,
    projectId: projectId as string,
    revision: revision as string,
    clientName: clientName as string,
    clientVersion: clientVersion as string,
    anonymizeIP,
    botFiltering: botFiltering ?? undefined,
    ...(envelope !== undefined && { envelope }),
  };
}
