// SPDX-License-Identifier: Apache-2.0
import { getHeapStatistics } from 'node:v8';

/**
 * What the defaults of all limits are measured by: in a container of 512 MiB, Node takes about 256 MiB for its heap, and
 * ends where that is not enough.
 *
 * @returns bytes
 */
export function heapLimit(): number {
  return getHeapStatistics().heap_size_limit;
}
