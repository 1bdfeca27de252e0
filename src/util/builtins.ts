// SPDX-License-Identifier: Apache-2.0

/**
 * Node's own modules as they are, for what the main entry loads. An `import` of one makes a module around it that has all
 * its members, for which `node:fs` loads its streams and promises: a tenth of the time that importing this package took.
 */
export const fs = process.getBuiltinModule('node:fs');
export const { basename, dirname, join, resolve, sep } = process.getBuiltinModule('node:path');
