// SPDX-License-Identifier: Apache-2.0

/** What Optimizely's own SDK hands to its dispatcher, versions 5 and 6. */
export interface OfficialLogEvent {
  url: string;
  httpVerb?: string;
  /** The body of the request, with a list `visitors`. */
  params: unknown;
}
