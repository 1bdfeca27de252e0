// SPDX-License-Identifier: Apache-2.0

/**
 * The first version without two faults by which the copies of a stream come to differ:
 * https://github.com/nats-io/nats-server/pull/5287 and https://github.com/nats-io/nats-server/pull/5506. What older ones
 * lose is in `docs/gateway.md`, "What runs have shown".
 */
const FIRST_SOUND = [2, 10, 17] as const;

/**
 * Says what is wrong with the version of a server.
 *
 * @param version as the server says it, such as `2.9.10`
 * @param copies of the stream; a single one is not lost by that
 * @returns undefined if nothing is known against it
 */
export function describeOldServer(version: string, copies: number): string | undefined {
  if (copies < 2 || !isOlder(version)) return undefined;
  return (
    `nats-server ${version} loses acknowledged events of a stream with ${copies} copies when its leader is cut off ` +
    `from the other servers, or the stream is full: use ${FIRST_SOUND.join('.')} or newer on all servers, or a stream ` +
    'with replicas: 1'
  );
}

function isOlder(version: string): boolean {
  const parts = version.split(/[.-]/).map(Number);
  for (const [index, least] of FIRST_SOUND.entries()) {
    const part = parts[index] ?? 0;
    if (part !== least) return part < least;
  }
  return false;
}
