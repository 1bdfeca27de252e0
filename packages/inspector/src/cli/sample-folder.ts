// SPDX-License-Identifier: Apache-2.0

/** The sample project of this package, which is as far from dist/cli/ as from src/cli/. */
export const SAMPLE_FOLDER = new URL('../../sample/', import.meta.url);
