// SPDX-License-Identifier: Apache-2.0

/** Whether all bytes are zeros: each is as the one before it, which is compared without a loop of ours. */
export function isZero(bytes: Buffer): boolean {
  const length = bytes.length;
  return length === 0 || (bytes[0] === 0 && bytes.subarray(1).equals(bytes.subarray(0, length - 1)));
}
