// SPDX-License-Identifier: Apache-2.0
import type { Logger } from 'opentelemetry-exporter-optimizely';
import type { AckMode } from '../model/gateway-config.js';
import type { RelayOptions } from '../model/relay-options.js';
import type { Runtime } from '../model/runtime.js';
import type { ServerOptions } from '../model/server-options.js';

/** What a gateway is started with: exactly one of `sdkKey`, `datafile` and `config`, and what differs from the defaults. */
export interface GatewayOptions extends ServerOptions {
  /** SDK key of the one project; its datafile is fetched from Optimizely and kept up to date. */
  readonly sdkKey?: string | undefined;
  /** Path of the one project's datafile, read again when it changes. */
  readonly datafile?: string | undefined;
  /** Path of a configuration file, for several projects and for everything that is not listed here. */
  readonly config?: string | undefined;
  /** Access token of a secure environment, with `sdkKey`. */
  readonly datafileAccessToken?: string | undefined;
  /** Address that the datafile is fetched from, with `sdkKey`; `{sdkKey}` stands for the key. @default Optimizely's CDN */
  readonly datafileUrlTemplate?: string | undefined;
  /** Directory of the event store. Not with `config`. @default none: the gateway keeps no state */
  readonly store?: string | undefined;
  /** Bytes of the store's files. With `store`. @default 268,435,456 */
  readonly maxStoreBytes?: number | undefined;
  /** Where events are sent. Not with `config`. @default the Events API of the datafile's region */
  readonly endpoint?: string | undefined;
  /** What a receipt waits for. Not with `config`. @default 'stored' with a store, else 'delivered' */
  readonly ack?: AckMode | undefined;
  /** How long a receipt may wait for delivery, milliseconds. Not with `config`. @default 8,000 */
  readonly ackTimeoutMillis?: number | undefined;
  /** Events at which a batch is sent. Not with `config`. @default 500 */
  readonly batchSize?: number | undefined;
  /**
   * Age of its oldest event at which a batch is sent, milliseconds. Not with `config`.
   *
   * @default 500 where a receipt waits for delivery, else 2,000
   */
  readonly flushIntervalMillis?: number | undefined;
  /** A NATS JetStream stream between gateways that receive and gateways that deliver. Not with `config`. @default none */
  readonly relay?: RelayOptions | undefined;
  /** Takes the log lines. @default lines of JSON on stderr, from `logLevel` on */
  readonly logger?: Logger | undefined;
  /** Clocks, timers and randomness, for tests. @default the system's */
  readonly runtime?: Runtime | undefined;
}

/** What only a single project has; in a configuration file, each project has its own. */
export const PROJECT_OPTIONS = [
  'datafileAccessToken',
  'datafileUrlTemplate',
  'store',
  'maxStoreBytes',
  'endpoint',
  'ack',
  'ackTimeoutMillis',
  'batchSize',
  'flushIntervalMillis',
] as const satisfies readonly (keyof GatewayOptions)[];
