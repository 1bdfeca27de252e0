// SPDX-License-Identifier: Apache-2.0

export const VISITORS = 300;
/** How many of them are in the shop at once. */
export const VISITORS_AT_ONCE = 16;
/** The default, 30 s, would make for a long demo. */
export const FLUSH_INTERVAL_MILLIS = 2_000;
export const FIRST_REVISION = 42;
/** Tells the shop's process where the local Events endpoint is. */
export const ENDPOINT_VARIABLE = 'SHOP_DEMO_ENDPOINT';
