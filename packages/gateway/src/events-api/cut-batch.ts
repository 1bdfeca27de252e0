// SPDX-License-Identifier: Apache-2.0
import type { EventBatchTexts } from 'opentelemetry-exporter-optimizely/optimizely-sdk';
import { elementsOf, membersOf, skipSpace } from './json-text.js';

/**
 * Cuts a batch into the texts of its visitors and of all else, as the sender wrote them: parsed and serialized again, an
 * integer beyond 2^53 would be another one.
 *
 * @param text an object that `JSON.parse` has accepted; of members with one name the last one counts, as it does there
 */
export function cutBatch(text: string): EventBatchTexts {
  const others: string[] = [];
  let visitors: string[] = [];
  for (const { key, start, valueStart, end } of membersOf(text, skipSpace(text, 0))) {
    if (key === 'visitors') visitors = textsOf(text, valueStart);
    else others.push(text.slice(start, end));
  }
  return { visitors, envelope: `{${others.join(',')}}` };
}

function textsOf(text: string, start: number): string[] {
  return text.charAt(start) === '['
    ? elementsOf(text, start).map(([from, to]) => copyOf(text, from, to))
    : [];
}

/** A slice would keep the whole body in memory for as long as one of its events is remembered. */
function copyOf(text: string, from: number, to: number): string {
  return Buffer.from(text.slice(from, to)).toString();
}
