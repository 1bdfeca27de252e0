// SPDX-License-Identifier: Apache-2.0

/** How the gateway listens, and what it bears. */
export interface ServerOptions {
  /** Address to listen on. @default '127.0.0.1' */
  readonly host?: string | undefined;
  /** TCP port to listen on; 0 for any free one. @default 4318 */
  readonly port?: number | undefined;
  /** File of bearer tokens, one a line, read again when it changes. @default none: senders need no token */
  readonly tokenFile?: string | undefined;
  /** PEM file of the server's certificate, read again when it changes. @default none: plain HTTP */
  readonly tlsCert?: string | undefined;
  /** PEM file of the certificate's key. */
  readonly tlsKey?: string | undefined;
  /** PEM file of authorities; senders must show a certificate of one of them. @default none */
  readonly tlsClientCa?: string | undefined;
  /** Bytes of one request's body, as sent and unpacked. @default 16,777,216 */
  readonly maxBodyBytes?: number | undefined;
  /** Bytes of all requests that are being read or wait for their receipt. @default 268,435,456 */
  readonly maxRequestBytesInFlight?: number | undefined;
  /** Connections at once; more are closed at once. @default 16,384 */
  readonly maxConnections?: number | undefined;
  /** Bytes of a request's headers. @default 16,384 */
  readonly maxHeaderBytes?: number | undefined;
  /** How long the headers of a request may take, milliseconds. @default 10,000 */
  readonly headersTimeoutMillis?: number | undefined;
  /** How long a request may take to arrive, headers and body, milliseconds. @default 30,000 */
  readonly requestTimeoutMillis?: number | undefined;
  /** How long a connection stays open between two requests, milliseconds. @default 120,000 */
  readonly keepAliveTimeoutMillis?: number | undefined;
  /** The least that is logged. @default 'info' */
  readonly logLevel?: LogLevel | undefined;
}

export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent';
