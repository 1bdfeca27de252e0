// SPDX-License-Identifier: Apache-2.0

type Crc32 = (data: Uint8Array) => number;

let ofZlib: Crc32 | undefined;

/** zlib's, loaded when the first record is written or read: most who import the package have no store. */
export function crc32(data: Uint8Array): number {
  ofZlib ??= process.getBuiltinModule('node:zlib').crc32 as Crc32;
  return ofZlib(data);
}
