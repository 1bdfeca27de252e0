// SPDX-License-Identifier: Apache-2.0

/** What all events of one batch share. Optimizely attributes a whole request to it, so a batch never mixes two. */
export interface EventContext {
  readonly region: 'US' | 'EU';
  readonly accountId: string;
  readonly projectId: string;
  readonly revision: string;
  readonly clientName: string;
  readonly clientVersion: string;
  readonly anonymizeIP: boolean;
  /** Undefined if the datafile does not specify it. */
  readonly botFiltering: boolean | undefined;
  /**
   * All of the request but its visitors, as the text of a JSON object, where that is not what the members above make:
   * for an event that another SDK built. @default none
   */
  readonly envelope?: string | undefined;
}
