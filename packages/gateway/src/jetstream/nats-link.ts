// SPDX-License-Identifier: Apache-2.0
import { type JetStreamClient, jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import type { Logger } from 'opentelemetry-exporter-optimizely';
import type { NatsConnectionOptions } from '../model/relay-options.js';
import { authenticatorOf } from './authentication.js';
import { type ResolvedStreamOptions, serversOf } from './jetstream-options.js';
import { MisfitError, openStream } from './open-stream.js';

export interface NatsLinkOptions {
  readonly connection: NatsConnectionOptions;
  readonly stream: ResolvedStreamOptions;
  readonly logger: Logger;
  /** How NATS's own list of connections shows this one. */
  readonly name: string;
  readonly connectTimeoutMillis: number;
}

/** An open connection whose stream is known to fit. */
export interface OpenLink {
  readonly connection: NatsConnection;
  readonly client: JetStreamClient;
}

/**
 * A connection that is made when it is needed and made again when it is lost. Failures are logged once an episode; who
 * asks gets the error and tries again in its own time.
 */
export class NatsLink {
  readonly #options: NatsLinkOptions;
  readonly #servers: string[];
  #open: Promise<OpenLink> | undefined;
  #isFailing = false;

  /** @throws TypeError if the options name no server, or two ways to authenticate */
  constructor(options: NatsLinkOptions) {
    this.#options = options;
    this.#servers = serversOf(options.connection);
    // What is wrong with them is said at construction; files are read at each connection.
    authenticatorOf(options.connection);
  }

  /** @throws NATS's errors, MisfitError */
  open(): Promise<OpenLink> {
    this.#open ??= this.#connect();
    return this.#open;
  }

  /** Ends the connection after what was sent. Never rejects; `open()` makes a new one. */
  async close(): Promise<void> {
    const open = this.#open;
    this.#open = undefined;
    try {
      await (await open)?.connection.drain();
    } catch {
      // It never was open, or is closed already.
    }
  }

  async #connect(): Promise<OpenLink> {
    let connection: NatsConnection | undefined;
    try {
      const { tls } = this.#options.connection;
      const authenticator = authenticatorOf(this.#options.connection);
      connection = await connect({
        servers: this.#servers,
        name: this.#options.name,
        timeout: this.#options.connectTimeoutMillis,
        // Those who publish have their own patience, and those who consume ask again.
        reconnect: false,
        ...(authenticator !== undefined && { authenticator }),
        ...(tls !== undefined && { tls: definedMembers(tls) }),
      });
      const link = { connection, client: jetstream(connection) };
      await openStream(await jetstreamManager(connection), this.#options.stream);
      this.#forgetWhenClosed(connection);
      if (this.#isFailing)
        this.#options.logger.info(`NATS can be reached again: ${this.#servers.join(', ')}`);
      this.#isFailing = false;
      return link;
    } catch (error) {
      this.#open = undefined;
      void connection?.close();
      this.#sayFailed(error);
      throw error;
    }
  }

  #forgetWhenClosed(connection: NatsConnection): void {
    const made = this.#open;
    void connection.closed().then(() => {
      if (this.#open === made) this.#open = undefined;
    });
  }

  #sayFailed(error: unknown): void {
    if (this.#isFailing) return;
    this.#isFailing = true;
    const message = error instanceof Error ? error.message : 'unknown error';
    this.#options.logger.error(
      error instanceof MisfitError
        ? `the NATS stream does not fit, and nothing is sent to it: ${message}`
        : `NATS can not be used: ${message}; it is tried again (${this.#servers.join(', ')})`,
    );
  }
}

function definedMembers<T extends object>(given: T): { [Name in keyof T]: NonNullable<T[Name]> } {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as never;
}
