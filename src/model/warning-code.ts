// SPDX-License-Identifier: Apache-2.0

/** What a person must know of even where no logger is set. The table of docs/troubleshooting.md explains each. */
export type WarningCode =
  | 'OPTIMIZELY_NO_PROCESSOR'
  | 'OPTIMIZELY_NO_DATAFILE'
  | 'OPTIMIZELY_BAD_DATAFILE'
  | 'OPTIMIZELY_EVENTS_DROPPED'
  | 'OPTIMIZELY_DELIVERY_FAILING'
  | 'OPTIMIZELY_STORE_UNUSABLE'
  | 'OPTIMIZELY_EVENTS_LOST_AT_EXIT'
  | 'OPTIMIZELY_UNDICI_UNAVAILABLE'
  | 'OPTIMIZELY_LOGGER_FAILING'
  | 'OPTIMIZELY_API_COPIES'
  | 'OPTIMIZELY_BAD_OPTION';
