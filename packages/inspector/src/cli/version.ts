// SPDX-License-Identifier: Apache-2.0

/** The name of the command. */
export const COMMAND = 'optimizely-event-inspector';

/** What `--version` prints. A test holds it to package.json. */
export const VERSION = '0.1.0';
