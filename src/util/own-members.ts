// SPDX-License-Identifier: Apache-2.0

/** An object without members, which shows what a dependency has put on Object.prototype for all objects. */
const EMPTY: object = Object.freeze({});

/**
 * Whether Object.prototype has a member that is read of events, as a dependency may have put it there. The names are
 * written out, since V8 then knows the answer; a loop over a list would take a tenth of recording an event.
 */
export function hasEventMembersForAll(): boolean {
  return (
    'userId' in EMPTY ||
    'uuid' in EMPTY ||
    'timestamp' in EMPTY ||
    'attributes' in EMPTY ||
    'eventKey' in EMPTY ||
    'eventId' in EMPTY ||
    'tags' in EMPTY ||
    'revenue' in EMPTY ||
    'value' in EMPTY ||
    'flagKey' in EMPTY ||
    'ruleKey' in EMPTY ||
    'ruleType' in EMPTY ||
    'variationKey' in EMPTY ||
    'enabled' in EMPTY ||
    'experimentId' in EMPTY ||
    'campaignId' in EMPTY ||
    'variationId' in EMPTY ||
    'cmabUuid' in EMPTY ||
    'userContext' in EMPTY ||
    'reasons' in EMPTY ||
    'inferRule' in EMPTY ||
    'type' in EMPTY
  );
}

/** The same of what dispatchers and exporters answer with, which is read for each request. */
export function hasAnswerMembersForAll(): boolean {
  return (
    'statusCode' in EMPTY ||
    'status' in EMPTY ||
    'ok' in EMPTY ||
    'headers' in EMPTY ||
    'date' in EMPTY ||
    'get' in EMPTY ||
    'response' in EMPTY ||
    'code' in EMPTY ||
    'error' in EMPTY ||
    'dropped' in EMPTY ||
    'streamed' in EMPTY
  );
}

/** Whether all objects have a member of one of these names. */
export function isAnyOfAll(names: readonly string[]): boolean {
  return names.some(name => name in EMPTY);
}

/** Returns a copy with these members: what the object has of its own or of its class, or undefined. */
export function ownMembers(holder: object, names: Iterable<string>): Record<string, unknown> {
  const members: Record<string, unknown> = {};
  for (const name of names) setOwn(members, name, memberOf(holder, name));
  return members;
}

/** Reads a member that the object has of its own or of its class. @returns undefined if all objects have it, or none */
export function memberOf<T extends object, Name extends string>(
  holder: T,
  name: Name,
): Name extends keyof T ? T[Name] | undefined : unknown {
  const isOwn = !(name in EMPTY) || isOwnOrOfClass(holder, name);
  return (isOwn ? (holder as Record<string, unknown>)[name] : undefined) as never;
}

/** Whether the object has the member by itself or by its class. */
export function hasMember(holder: object, name: string): boolean {
  return name in holder && (!(name in EMPTY) || isOwnOrOfClass(holder, name));
}

function isOwnOrOfClass(holder: object, name: string): boolean {
  let owner: object | null = holder;
  while (owner !== null && owner !== Object.prototype) {
    if (Object.hasOwn(owner, name)) return true;
    owner = Object.getPrototypeOf(owner) as object | null;
  }
  return false;
}

/** Defined, since assigning calls a setter that all objects may have. */
function setOwn(members: object, name: string, value: unknown): void {
  const descriptor = { __proto__: null, value, writable: true, enumerable: true, configurable: true };
  Object.defineProperty(members, name, descriptor);
}
