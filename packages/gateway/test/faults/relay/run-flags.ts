// SPDX-License-Identifier: Apache-2.0

/** @param only parts of names; undefined: all kinds */
export function kindsOf<Name extends string>(
  names: readonly Name[],
  only: readonly string[] | undefined,
): readonly Name[] {
  return only === undefined ? names : names.filter(name => only.some(part => name.includes(part)));
}

export function serversOf(given: string): 1 | 3 {
  return given === '1' ? 1 : 3;
}

/** Without the flag, each server has a copy. */
export function copiesOf(given: string | undefined, servers: 1 | 3): 1 | 3 {
  return servers === 1 || given === '1' ? 1 : 3;
}
