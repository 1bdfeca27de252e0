// SPDX-License-Identifier: Apache-2.0
import type { SerializedEvent } from 'opentelemetry-exporter-optimizely';

/** Those of SDKs have less, and events of one batch share it. */
const FREE_CHARACTERS = 512;

/**
 * What an event holds in memory besides itself: what its batch says of all its visitors, which the sender chooses. A
 * batch of one small visitor may say megabytes.
 */
export function contextBytes({ context }: Pick<SerializedEvent, 'context'>): number {
  const { envelope, accountId, projectId, revision, clientName, clientVersion } = context;
  const characters =
    (envelope?.length ?? 0) +
    accountId.length +
    projectId.length +
    revision.length +
    clientName.length +
    clientVersion.length;
  return Math.max(0, characters - FREE_CHARACTERS);
}
