// SPDX-License-Identifier: Apache-2.0

/** So many times as long as usual takes a process to start here and now; 1 at least. */
export const SLOWNESS: number;

/**
 * How long to wait before something is said to hang.
 *
 * @param usualMillis what it takes on a machine that is neither fast nor busy
 */
export function patience(usualMillis: number): number;
