// SPDX-License-Identifier: Apache-2.0
import { describeOldServer } from '../../../src/jetstream/old-server.js';
import { NATS_VERSION } from '../../support/nats-server.js';

/** Whether the nats-server of this machine keeps what it has acknowledged when there are several. */
export const BEARS_A_CLUSTER = NATS_VERSION !== undefined && describeOldServer(NATS_VERSION, 3) === undefined;

/** @param only parts of names; undefined: all kinds */
export function kindsOf<Name extends string>(
  names: readonly Name[],
  only: readonly string[] | undefined,
): readonly Name[] {
  return only === undefined ? names : names.filter(name => only.some(part => name.includes(part)));
}

/** Without the flag, as many as this machine's version bears. */
export function serversOf(given: string | undefined): 1 | 3 {
  return (given ?? (BEARS_A_CLUSTER ? '3' : '1')) === '1' ? 1 : 3;
}

/** Without the flag, each server has a copy. */
export function copiesOf(given: string | undefined, servers: 1 | 3): 1 | 3 {
  return servers === 1 || given === '1' ? 1 : 3;
}
