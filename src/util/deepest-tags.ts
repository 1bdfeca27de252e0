// SPDX-License-Identifier: Apache-2.0

/** Levels that the tags of an event may nest. Far below what a stack bears, and far above what applications send. */
export const DEEPEST_TAGS = 500;
