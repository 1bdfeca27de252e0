// SPDX-License-Identifier: Apache-2.0

/** What may keep an experiment from having results, in the order of causes: each one explains those after it. */
export type CheckId =
  | 'requests_refused'
  | 'wrong_project'
  | 'wrong_region'
  | 'wrong_environment'
  | 'wrong_revision'
  | 'not_running'
  | 'flag_decisions_off'
  | 'outside_audience'
  | 'bots'
  | 'impressions_not_counted'
  | 'no_impressions'
  | 'event_not_attached'
  | 'event_never_received'
  | 'conversions_not_counted'
  | 'shared_visitor_id'
  | 'conversions_unexposed'
  | 'impression_after_conversion'
  | 'same_millisecond'
  | 'double_tracking'
  | 'revenue_unit'
  | 'several_variations'
  | 'sample_ratio';

/**
 * - `cause`: it keeps results away, or makes them wrong, and nothing before it explains it
 * - `suspect`: it may; the sentence says what is unclear
 * - `consequence`: it follows from a cause before it
 * - `passed`: it was looked at, and nothing is wrong
 * - `unknown`: it can't be told, without a datafile say
 * - `waiting`: nothing has arrived that it could be told by
 */
export type CheckState = 'cause' | 'suspect' | 'consequence' | 'passed' | 'unknown' | 'waiting';
