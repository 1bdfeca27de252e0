// SPDX-License-Identifier: Apache-2.0

/** What became of a batch that is passed on. `refused`: the sender was told, and may send it again. */
export type Forwarding = 'under way' | 'arrived' | 'refused';
