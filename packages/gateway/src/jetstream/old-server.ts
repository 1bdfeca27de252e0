// SPDX-License-Identifier: Apache-2.0

/**
 * The last line of versions that was seen to lose messages it had acknowledged; 2.15 was not, and those between were not
 * tried: `docs/gateway.md`, "What runs have shown".
 */
const LOSSY: readonly [major: number, minor: number] = [2, 9];

/**
 * Says what is wrong with the version of a server.
 *
 * @param version as the server says it, such as `2.9.10`
 * @param copies of the stream; a single one was not seen to lose anything
 * @returns undefined if nothing is known against it
 */
export function describeOldServer(version: string, copies: number): string | undefined {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const isOld = major < LOSSY[0] || (major === LOSSY[0] && minor <= LOSSY[1]);
  if (!isOld || copies < 2) return undefined;
  return `nats-server ${version} may lose events of a stream with ${copies} copies when servers fail: use a current version`;
}
