// SPDX-License-Identifier: Apache-2.0
import type { LedgerSnapshot } from 'opentelemetry-exporter-optimizely';
import type { GatewayConfig } from './gateway-config.js';
import type { BatchIntake, OtlpIntake } from './intake.js';
import type { FullReason, RefusalReason } from './receipt.js';

/** Why a project takes no events. */
export type NotReadyReason = 'no_datafile' | 'store_unusable' | 'stream_unusable';

/** One project as it stands: what readiness, metrics and the ledger say of it. */
export interface ProjectState {
  /** As the configuration names it. */
  readonly name: string;
  /** Whether its events are durable in a store once they are taken. */
  readonly hasStore?: boolean | undefined;
  /** Absent where the project takes events. */
  readonly notReady?: NotReadyReason | undefined;
  /** Revision of the datafile in force, if there is one. */
  readonly revision?: string | undefined;
  /** Milliseconds since the last datafile check that ended well began; absent before the first. */
  readonly datafileAgeMillis?: number | undefined;
  /** Events that were taken and whose receipt is still open. */
  readonly outstandingEvents: number;
  /** The same, in bytes of payload. */
  readonly outstandingBytes: number;
  readonly ledger: LedgerSnapshot;
}

/**
 * What became of events of one request. `streamed`: a stream has them, from which another gateway delivers. `shown_only`:
 * the library shows them in the trace and delivers them itself.
 */
export type CountedOutcome = 'taken' | 'streamed' | 'shown_only' | RefusalReason;

export interface EventCount {
  /** `stream`: what a gateway delivers that another one, or an application, has put there. */
  readonly door: 'otlp' | 'events' | 'stream';
  /**
   * As the configuration names it. Of the outcome `unknown_project`, the name that the sender gave, if that may be shown
   * and is one of the first few; else `''`.
   */
  readonly project: string;
  readonly sender: string;
  readonly outcome: CountedOutcome;
  readonly count: number;
}

/** Hears of events once their receipt is given, never of those that are to be sent again. */
export type EventCounter = (count: EventCount) => void;

/** What the stream holds that a gateway delivers from. */
export interface StreamFigures {
  /** Messages that are not delivered yet. */
  readonly messages: number;
  readonly bytes: number;
  /** Messages that gateways have. */
  readonly unacknowledged: number;
  /** Messages that were given out more than once. */
  readonly redelivered: number;
  /** Messages that left the stream before any gateway had them. */
  readonly lost: number;
  /** Messages that this gateway has parked, by reason. */
  readonly parked: ReadonlyMap<string, number>;
}

/** A configuration whose projects are made, before they take anything. One of the methods is to be called, at once. */
export interface PreparedConfig {
  /** Brings it into force. @returns a promise that resolves when the projects that were replaced have ended */
  takeOver(): Promise<void>;
  /** Ends what was made for it. */
  discard(): void;
}

/** Everything behind the doors: the projects, and the way of an event from a request to its receipt. */
export interface Engine {
  readonly otlp: OtlpIntake;
  readonly batches: BatchIntake;
  /** Whether a project asks for `feature_flag.evaluation` events; may change when the configuration does. */
  readonly takesEvaluations: boolean;
  /** @returns undefined if a project has room for another request of this sender; else none of them need be read */
  whyFull(sender: string): FullReason | undefined;
  projects(): readonly ProjectState[];
  /** Of the stream that it delivers from. @returns undefined if there is none */
  stream?(): StreamFigures | undefined;
  /**
   * Brings another configuration into force. A project that changed is replaced: the new one takes at once, the old one
   * delivers what it has. Projects that did not change notice nothing.
   *
   * @returns a promise that resolves when the projects that were replaced have ended
   * @throws (rejects) TypeError: an option can't be used, and nothing was changed
   */
  reload(config: GatewayConfig): Promise<void>;
  /**
   * The first half of `reload()`, where another engine has to be able to follow.
   *
   * @throws TypeError if an option can't be used
   */
  prepare(config: GatewayConfig): PreparedConfig;
  /** From here on requests are answered `later` with the reason `draining`; those in flight get their receipt. */
  drain(): void;
  /** Ends all projects within their time. Never rejects; the same promise for all calls. */
  close(): Promise<void>;
}
