// SPDX-License-Identifier: Apache-2.0
import { nameBasedUuid } from 'opentelemetry-exporter-optimizely/capture';
import type { EventBatchTexts } from 'opentelemetry-exporter-optimizely/optimizely-sdk';
import { cutBatch } from './cut-batch.js';
import { lacksUuids, stampUuids } from './stamp-uuids.js';

type Batch = Readonly<Record<string, unknown>>;

/** In it, a batch has a UUID by its text; in that one, each event that came without one by its place in the batch. */
const NAMESPACE = '6f1a5c1e-5d0b-4f0e-9a53-3d1f0c6b7e42';

/**
 * Cuts a batch into texts, and gives a uuid to each event that came without: the same whenever the same batch comes, so
 * that a repeat of the request, or of a message of a stream, is counted once.
 *
 * @param visitors of the batch, all of them objects
 * @param text which the batch was parsed from
 */
export function readWithUuids(
  batch: Batch,
  visitors: readonly Batch[],
  text: string,
): { readonly batch: Batch; readonly texts: EventBatchTexts } {
  const texts = cutBatch(text);
  if (!visitors.some(lacksUuids)) return { batch, texts };
  const namespace = nameBasedUuid(NAMESPACE, text);
  const stamped = visitors.map((visitor, index) => {
    const written = { visitor, text: texts.visitors[index] ?? '' };
    if (!lacksUuids(visitor)) return written;
    return stampUuids(written, place => nameBasedUuid(namespace, `${index} ${place}`));
  });
  return {
    batch: { ...batch, visitors: stamped.map(({ visitor }) => visitor) },
    texts: { ...texts, visitors: stamped.map(written => written.text) },
  };
}
