// SPDX-License-Identifier: Apache-2.0

interface WithLimits {
  readonly _spanLimits?: Limits;
  readonly _logRecordLimits?: Limits;
}

interface Limits {
  readonly attributeValueLengthLimit?: unknown;
}

/**
 * Whether strings of this span or log record were cut. The SDKs keep their limits to themselves; where they keep them
 * elsewhere one day, only the warning is lost.
 */
export function cutsStrings(source: object): boolean {
  const { _spanLimits, _logRecordLimits } = source as WithLimits;
  const limit = (_spanLimits ?? _logRecordLimits)?.attributeValueLengthLimit;
  return typeof limit === 'number' && limit > 0 && limit < Number.POSITIVE_INFINITY;
}
