// SPDX-License-Identifier: Apache-2.0

/** How to reach NATS. Secrets are read from files, again at each connection, so that they can be rotated. */
export interface NatsConnectionOptions {
  /** `nats://host:4222` or `tls://host:4222`, one or several. They hold no credentials: those are files. */
  readonly servers: string | readonly string[];
  /** A user, with `passwordFile`. */
  readonly user?: string | undefined;
  readonly passwordFile?: string | undefined;
  readonly tokenFile?: string | undefined;
  /** The seed of an nkey. */
  readonly nkeyFile?: string | undefined;
  /** A `.creds` file: JWT and seed. */
  readonly credsFile?: string | undefined;
  /** Client certificate and private CA, as PEM files. Servers' certificates are always verified. */
  readonly tls?:
    | {
        readonly caFile?: string | undefined;
        readonly certFile?: string | undefined;
        readonly keyFile?: string | undefined;
      }
    | undefined;
}

/** The stream that holds the batches. It is made if there is none, and never changed if there is one. */
export interface StreamOptions {
  /** @default 'optimizely-events' */
  readonly stream?: string | undefined;
  /** @default 'optimizely.events' */
  readonly subject?: string | undefined;
  /** Age at which NATS deletes a batch that was not delivered, milliseconds. @default 604_800_000, a week */
  readonly maxAgeMillis?: number | undefined;
  /** Bytes of the stream; a full one refuses new batches. @default 10_737_418_240, 10 GiB */
  readonly maxBytes?: number | undefined;
  /** Servers that hold a copy: 1, 3 or 5. @default 1 */
  readonly replicas?: number | undefined;
}
/**
 * What a gateway does with a stream: `receive` answers senders and fills the stream, `deliver` takes batches from it to
 * Optimizely, `both` does both.
 */
export type GatewayRole = 'receive' | 'deliver' | 'both';

/** A NATS JetStream stream between those who receive and those who deliver. */
export interface RelayOptions extends NatsConnectionOptions, StreamOptions {
  /** @default 'both' */
  readonly role?: GatewayRole | undefined;
  /** The durable consumer that all delivering gateways share. @default 'optimizely-event-gateway' */
  readonly consumer?: string | undefined;
  /** Messages that one gateway has at once for delivery. @default 2_000 */
  readonly maxMessages?: number | undefined;
  /**
   * How long a message of a gateway that died stays with it, milliseconds.
   *
   * @default 30_000 for a consumer that is made; what the consumer has that is there
   */
  readonly ackWaitMillis?: number | undefined;
}
