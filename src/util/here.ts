// SPDX-License-Identifier: Apache-2.0

/** Where this package's code is, for `createRequire`: a path in the CommonJS build, a URL in the ES module build. */
export const HERE: string = typeof __filename === 'string' ? __filename : import.meta.url;
