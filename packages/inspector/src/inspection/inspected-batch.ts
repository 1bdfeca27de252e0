// SPDX-License-Identifier: Apache-2.0
import type { WireEvent } from 'opentelemetry-exporter-optimizely/testing';
import type { Forwarding } from './forwarding.js';
import type { Problem } from './problem.js';
import type { SpanIds } from './sender-notes.js';

/** An event of a request, with all that was found out about it so far. */
export interface InspectedEvent extends WireEvent {
  /** Whether the payload has the visitor id as a number, which Optimizely takes for none. */
  readonly visitorIsNumber: boolean;
  /** Whether its batch is among those that are shown. */
  kept: boolean;
  /** Changes: what was a conversion without a decision may get one from a later batch. */
  problems: readonly Problem[];
  readonly revenue: number | undefined;
  readonly value: number | undefined;
  /** Where the sender told. */
  readonly span: SpanIds | undefined;
}

/** What was asked where no batch could be read. */
export interface RefusedRequest {
  readonly method: string;
  readonly path: string;
  /** Why it was refused. */
  readonly message: string;
}

/** One request to the Events API. */
export interface InspectedBatch {
  /** From 1, in order of arrival. */
  readonly sequence: number;
  /** Milliseconds since the epoch. */
  readonly receivedAt: number;
  readonly events: readonly InspectedEvent[];
  /** Of the request as a whole. */
  readonly problems: Problem[];
  /** Of a refused request: its beginning. */
  readonly body: Buffer;
  /** Undefined if a batch was read. */
  readonly request?: RefusedRequest;
  readonly byteLength: number;
  readonly visitorCount: number;
  /** Name and version. */
  readonly client: string;
  readonly revision: string;
  /** Why the sender's batch was closed, where it told. */
  readonly cause: string | undefined;
  /** The status that was answered; undefined before it is. */
  status: number | undefined;
  forwarding: Forwarding | undefined;
}
