// SPDX-License-Identifier: Apache-2.0
import type { DropReason } from '../model/drop-reason.js';

/** Why an event can't be resolved, and the field to look at. */
export interface Unresolved {
  readonly type: 'unresolved';
  readonly reason: Extract<DropReason, 'invalid' | 'unknown_key' | 'flag_decisions_off' | 'no_experiment'>;
  readonly field: string;
}
