// SPDX-License-Identifier: Apache-2.0
import { Seam } from '../util/guard.js';
import { guardLogger } from '../util/guarded-logger.js';
import { memberOf } from '../util/own-members.js';
import { UnusableField } from './fields.js';

/** What may be there of a user context: its methods, or its members where a decision was copied or came as JSON. */
interface GivenUserContext {
  readonly getUserId?: unknown;
  readonly getAttributes?: unknown;
  readonly userId?: unknown;
  readonly id?: unknown;
  readonly attributes?: unknown;
}

const seam = new Seam('userContext', guardLogger());

/** @throws UnusableField the decision has no user context, or that has no user id that is a string */
export function userIdOf(userContext: unknown): string {
  const context = membersOf(userContext);
  const userId = ask(context, 'getUserId', () => memberOf(context, 'userId') ?? memberOf(context, 'id'));
  if (typeof userId !== 'string') throw new UnusableField('userContext');
  return userId;
}

/** @returns undefined if there are none, or asking for them fails: the event is worth more than they are */
export function attributesOf(userContext: unknown): unknown {
  const context = membersOf(userContext);
  return ask(context, 'getAttributes', () => memberOf(context, 'attributes'));
}

function membersOf(userContext: unknown): GivenUserContext {
  if (typeof userContext !== 'object' || userContext === null) throw new UnusableField('userContext');
  return userContext;
}

function ask(
  context: GivenUserContext,
  method: 'getUserId' | 'getAttributes',
  otherwise: () => unknown,
): unknown {
  return seam.call(method, undefined, () => {
    const given: unknown = memberOf(context, method);
    return typeof given === 'function' ? (given.call(context) as unknown) : otherwise();
  });
}
