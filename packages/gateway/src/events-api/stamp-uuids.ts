// SPDX-License-Identifier: Apache-2.0
import { elementsOf, membersOf, type TextMember } from './json-text.js';

/** Whether an event of the visitor has no uuid. */
export function lacksUuids({ snapshots }: WrittenVisitor['visitor']): boolean {
  // In loops: each event of each batch passes here.
  if (!Array.isArray(snapshots)) return false;
  for (const snapshot of snapshots) {
    const events: unknown = snapshot?.events;
    if (!Array.isArray(events)) continue;
    for (const event of events) if (isObject(event) && isNone(event.uuid)) return true;
  }
  return false;
}

/** A visitor of a batch, parsed and as its sender wrote it. */
export interface WrittenVisitor {
  readonly visitor: Readonly<Record<string, unknown>>;
  readonly text: string;
}

/**
 * Gives a uuid to each event that has none, so that Optimizely counts it once however often it is sent from here on. All
 * else stays as it was written.
 *
 * @param makeUuid is given the event's place among the events of the visitor
 */
export function stampUuids({ text }: WrittenVisitor, makeUuid: (place: number) => string): WrittenVisitor {
  let stamped = '';
  let copiedTo = 0;
  let place = 0;
  const replace = (from: number, to: number, by: string) => {
    stamped += text.slice(copiedTo, from) + by;
    copiedTo = to;
  };
  for (const start of eventsIn(text)) {
    const uuid = `"uuid":"${makeUuid(place++)}"`;
    const members = membersOf(text, start);
    const present = lastOf(members, 'uuid');
    if (present === undefined) replace(start + 1, start + 1, members.length === 0 ? uuid : `${uuid},`);
    else if (isNone(JSON.parse(text.slice(present.valueStart, present.end))))
      replace(present.start, present.end, uuid);
  }
  stamped += text.slice(copiedTo);
  return { visitor: JSON.parse(stamped), text: stamped };
}

/** What SDKs of some languages write for an absent text. */
function isNone(uuid: unknown): boolean {
  return uuid === undefined || uuid === null || uuid === '';
}

/** Where the events of a visitor begin. */
function eventsIn(text: string): number[] {
  return objectsOf(text, lastOf(membersOf(text, 0), 'snapshots')).flatMap(snapshot =>
    objectsOf(text, lastOf(membersOf(text, snapshot), 'events')),
  );
}

/** Of members with one name the last one counts, as for `JSON.parse`. */
function lastOf(members: readonly TextMember[], name: string): TextMember | undefined {
  return members.findLast(({ key }) => key === name);
}

/** Where the objects begin that are elements of a list. */
function objectsOf(text: string, list: TextMember | undefined): number[] {
  if (list === undefined || text.charAt(list.valueStart) !== '[') return [];
  return elementsOf(text, list.valueStart).flatMap(([start]) => (text.charAt(start) === '{' ? [start] : []));
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
