// SPDX-License-Identifier: Apache-2.0
import type { IncomingMessage } from 'node:http';
import { EVENTS_PATH } from 'opentelemetry-exporter-optimizely/testing';

/**
 * What most likely went wrong where a request was refused.
 *
 * @param beginning of its body
 * @returns words to add to the reason, `''` if nothing is known
 */
export function refusalHint({ headers, method, url = '' }: IncomingMessage, beginning: Buffer): string {
  const path = url.split('?', 1)[0] ?? '';
  if (path !== EVENTS_PATH) return `: send to ${EVENTS_PATH}`;
  const encoding = headers['content-encoding'] ?? '';
  if (encoding !== '' && encoding !== 'identity') {
    return `: it is compressed (${encoding}), which the Events API does not document; send it as it is`;
  }
  if (method !== 'POST') return '';
  const text = beginning.toString();
  if (/^\s*\{/.test(text) && /"(?:params|httpVerb)"\s*:/.test(text) && !/^\s*\{\s*"visitors"/.test(text)) {
    return ': it looks like a whole LogEvent; send its params';
  }
  return /^\s*\[/.test(text) ? ': it is a list; send each batch in a request of its own' : '';
}
