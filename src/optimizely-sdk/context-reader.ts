// SPDX-License-Identifier: Apache-2.0
import type { EventContext } from '../model/event-context.js';
import { sameContext } from '../util/envelope.js';
import type { JsonObject } from '../util/json.js';
import { ownJson } from '../util/own-json.js';
import { stringOf } from '../util/text-of.js';

const TEXTS = ['account_id', 'project_id', 'revision', 'client_name', 'client_version'];
const KNOWN = new Set([...TEXTS, 'anonymize_ip', 'enrich_decisions', 'visitors']);

/** Reads what the visitors of a request share. Equal contexts are one object, so that their envelope is made once. */
export class ContextReader {
  #last: EventContext | undefined;

  read(region: EventContext['region'], params: JsonObject): EventContext {
    const context = readContext(region, params);
    if (this.#last === undefined || !sameContext(this.#last, context)) this.#last = context;
    return this.#last;
  }
}

/** @param envelope all members but `visitors` as the text of an object. @default serialized again */
export function readContext(
  region: EventContext['region'],
  given: JsonObject,
  envelope?: string | undefined,
): EventContext {
  const params = ownJson(given);
  const context: EventContext = {
    region,
    accountId: stringOf(params.account_id),
    projectId: stringOf(params.project_id),
    revision: stringOf(params.revision),
    clientName: stringOf(params.client_name),
    clientVersion: stringOf(params.client_version),
    anonymizeIP: params.anonymize_ip === true,
    // Each visitor says it in an attribute, so that a batch may hold both.
    botFiltering: undefined,
  };
  return isUsual(params) ? context : { ...context, envelope: envelope ?? envelopeOf(params) };
}

/** Whether the context says all of it; what is undefined is not sent. */
function isUsual(params: JsonObject): boolean {
  return (
    TEXTS.every(name => typeof params[name] === 'string') &&
    typeof params.anonymize_ip === 'boolean' &&
    params.enrich_decisions === true &&
    Object.keys(params).every(name => KNOWN.has(name) || params[name] === undefined)
  );
}

/** `''`, with which no event is taken, of what can't be serialized. */
function envelopeOf({ visitors: _, ...others }: JsonObject): string {
  try {
    return JSON.stringify(others);
  } catch {
    return '';
  }
}
