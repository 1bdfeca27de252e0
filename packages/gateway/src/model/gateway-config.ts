// SPDX-License-Identifier: Apache-2.0
import type { RelayOptions } from './relay-options.js';
import type { ServerOptions } from './server-options.js';

/** What a receipt waits for: that the event is durable in the store, or that Optimizely has answered. */
export type AckMode = 'stored' | 'delivered';

/**
 * The same, or `settled` for what comes from a stream: that nothing is left to be done for the event, because it is
 * delivered, refused for good, or too old.
 */
export type ReceiptMode = AckMode | 'settled';

/** Where the keys of a project's events are looked up. */
export type DatafileSource =
  | {
      readonly kind: 'sdk-key';
      readonly sdkKey: string;
      readonly accessToken?: string | undefined;
      readonly urlTemplate?: string | undefined;
      readonly updateIntervalMillis?: number | undefined;
    }
  | { readonly kind: 'file'; readonly path: string }
  /** None: only batches of Optimizely's own SDKs are taken, which are resolved already. */
  | { readonly kind: 'none' };

/** One Optimizely project, as the gateway serves it. */
export interface ProjectConfig {
  readonly source: DatafileSource;
  /** Optimizely's id of the project, for batches of Optimizely's own SDKs. @default that of the datafile */
  readonly projectId?: string | undefined;
  /** Where events are sent. @default the Events API of the datafile's region */
  readonly endpoint?: string | undefined;
  /** Directory of the event store. @default none */
  readonly store?: string | undefined;
  /** Bytes of the store's files. @default the exporter's */
  readonly maxStoreBytes?: number | undefined;
  /** @default 'fsync' of the exporter: none */
  readonly fsync?: 'none' | 'batch' | undefined;
  /** @default 'stored' with a store, else 'delivered' */
  readonly ack?: ReceiptMode | undefined;
  /** Age since an event was accepted at which it is given up, milliseconds. @default the exporter's */
  readonly maxEventAgeMillis?: number | undefined;
  /** Events. @default 500 */
  readonly batchSize?: number | undefined;
  /** Milliseconds. @default 500 where the receipt is delivery, else 2,000 */
  readonly flushIntervalMillis?: number | undefined;
  /** Batches of different contexts that are open at once. @default 16 */
  readonly maxOpenBatches?: number | undefined;
  /** Events in memory. @default 200,000 */
  readonly maxQueueSize?: number | undefined;
  /** Bytes of payload in memory. @default 134,217,728 */
  readonly maxQueueBytes?: number | undefined;
  /** Requests to Optimizely at once. @default the exporter's */
  readonly maxConcurrentRequests?: number | undefined;
  /** Milliseconds. @default the exporter's */
  readonly requestTimeoutMillis?: number | undefined;
  /** How long ending may take, milliseconds. @default 8,000 */
  readonly drainTimeoutMillis?: number | undefined;
  /** Share of the room in memory that one sender may hold while others hold some. @default 0.5 */
  readonly maxSenderShare?: number | undefined;
  /** How long a key may be unknown before its events are refused for good, milliseconds. @default 600,000 */
  readonly unknownKeyGraceMillis?: number | undefined;
  readonly allowedAttributes?: readonly string[] | undefined;
  readonly userIdHashKey?: string | undefined;
  readonly dedupe?: boolean | { readonly windowMillis?: number; readonly maxEntries?: number } | undefined;
  /** Whether `feature_flag.evaluation` events are impressions. @default false */
  readonly evaluationEvents?: boolean | undefined;
}

/** What the gateway serves: read from a file, or made of the command line. */
export interface GatewayConfig {
  readonly projects: Readonly<Record<string, ProjectConfig>>;
  /** The project of events that name none. @default the only project there is */
  readonly defaultProject?: string | undefined;
  /** How long a receipt may wait for delivery, milliseconds. @default 8,000 */
  readonly ackTimeoutMillis?: number | undefined;
  /** How the gateway listens, where the configuration file says so. */
  readonly server?: ServerOptions | undefined;
  /** A NATS JetStream stream between those who receive and those who deliver. @default none */
  readonly relay?: RelayOptions | undefined;
}
