// SPDX-License-Identifier: Apache-2.0
import type { IncomingHttpHeaders } from 'node:http';
import type { EventBatchParams } from '../model/log-event.js';
import type { ReceivedEvent } from './checks/event-checks.js';
import type { EventProblem } from './checks/event-problem.js';

/** One request that carried a batch. */
export interface ReceivedBatch {
  /** Milliseconds since the epoch, by the endpoint's `now`. */
  readonly receivedAt: number;
  /** What was answered: 204, 400 to a strict request that breaks the API's field constraints, or what `respond` said. */
  readonly statusCode: number;
  readonly headers: IncomingHttpHeaders;
  /** Bytes of the body. */
  readonly byteLength: number;
  /** The body as it came. Nothing but the list `visitors` is certain: Optimizely takes any JSON in it. */
  readonly params: EventBatchParams;
  /**
   * All events, in order. Where the answer is not 2xx they were not received: they are neither duplicates nor
   * decisions, and their `problems` hold only what the batch shows by itself.
   */
  readonly events: readonly ReceivedEvent[];
  /** What belongs to no event: parts of the batch from which none could be read. */
  readonly problems: readonly EventProblem[];
}
