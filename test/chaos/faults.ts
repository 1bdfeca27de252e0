// SPDX-License-Identifier: Apache-2.0
import type { FaultWeights } from './faulty-endpoint.js';

/** In thousandths of the requests. */
export const FAULTS: FaultWeights = [
  ['none', 784],
  ['delay', 40],
  ['hang', 6],
  ['reset at once', 25],
  ['reset', 25],
  ['take and reset', 30],
  ['take and hang', 6],
  ['408', 15],
  ['413', 20],
  ['429', 6],
  ['500', 25],
  ['503', 20],
];
