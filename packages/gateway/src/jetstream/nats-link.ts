// SPDX-License-Identifier: Apache-2.0
import { type JetStreamClient, type JetStreamManager, jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect, type NatsConnection, type NodeConnectionOptions } from '@nats-io/transport-node';
import type { NatsConnectionOptions } from '../model/relay-options.js';
import type { Runtime } from '../model/runtime.js';
import { authenticatorOf } from './authentication.js';
import { describeNatsError } from './describe-nats-error.js';
import { type ResolvedStreamOptions, serversOf } from './jetstream-options.js';
import type { LinkLog } from './link-log.js';
import { describeOldServer } from './old-server.js';
import { MisfitError, openStream } from './open-stream.js';
import { closingSocketsIfItFails } from './own-sockets.js';
import { checkTls, tlsOf } from './tls.js';

export interface NatsLinkOptions {
  readonly connection: NatsConnectionOptions;
  readonly stream: ResolvedStreamOptions;
  /** Several links of one gateway may share it. */
  readonly log: LinkLog;
  /** How NATS's own list of connections shows this one. */
  readonly name: string;
  readonly connectTimeoutMillis: number;
  readonly runtime: Runtime;
}

/** An open connection whose stream is known to fit. */
export interface OpenLink {
  readonly connection: NatsConnection;
  readonly client: JetStreamClient;
  readonly manager: JetStreamManager;
}

/** A server that is there and does not answer is noticed within twice this. */
const PING_INTERVAL_MILLIS = 10_000;
const MAX_PINGS_OUT = 2;
/** How long the end of a connection waits for a server that may not answer any more. */
const CLOSE_TIMEOUT_MILLIS = 2_000;

/**
 * A connection that is made when it is needed and made again when it is lost. Failures are logged once an episode; who
 * asks gets the error and tries again in its own time.
 */
export class NatsLink {
  readonly #options: NatsLinkOptions;
  readonly #servers: string[];
  #open: Promise<OpenLink> | undefined;
  /** The latest that was opened. */
  #link: OpenLink | undefined;
  #isFailing = false;
  #wasOpen = false;

  /** @throws TypeError if the options name no server, or two ways to authenticate */
  constructor(options: NatsLinkOptions) {
    this.#options = options;
    this.#servers = serversOf(options.connection);
    // What is wrong with them is said at construction; files are read at each connection.
    authenticatorOf(options.connection);
    checkTls(options.connection);
  }

  /** Whether the latest attempt to connect, or what it found, has failed. */
  get isFailing(): boolean {
    return this.#isFailing;
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
      const link = await open;
      if (link !== undefined) await this.#drain(link.connection);
    } catch {
      // It never was open, or is closed already.
    }
  }

  /** Gives up a connection that does not answer: the next one may reach another server. */
  abandon(link: OpenLink): void {
    // All that was under way on it fails: only the first may find it in use still.
    if (this.#link === link) this.#open = undefined;
    void link.connection.close();
  }

  /** `drain()` alone waits for ever where the server is silent, even once the connection is given up. */
  async #drain(connection: NatsConnection): Promise<void> {
    const { runtime } = this.#options;
    const timer = runtime.setTimer(() => void connection.close(), CLOSE_TIMEOUT_MILLIS);
    timer.ref();
    try {
      await Promise.race([connection.drain(), connection.closed()]);
    } finally {
      timer.clear();
    }
  }

  async #connect(): Promise<OpenLink> {
    let connection: NatsConnection | undefined;
    try {
      const authenticator = authenticatorOf(this.#options.connection);
      const tls = tlsOf(this.#options.connection, this.#servers);
      const options: NodeConnectionOptions = {
        servers: this.#servers,
        name: this.#options.name,
        timeout: this.#options.connectTimeoutMillis,
        pingInterval: PING_INTERVAL_MILLIS,
        maxPingOut: MAX_PINGS_OUT,
        // Those who publish have their own patience, and those who consume ask again.
        reconnect: false,
        // A stack for each request, which it takes where it begins, costs as much as publishing a batch of ten events does.
        noAsyncTraces: true,
        ...(authenticator !== undefined && { authenticator }),
        ...(tls !== undefined && { tls }),
      };
      connection = await closingSocketsIfItFails(() => connect(options));
      // What an account may use is not asked for: that would take one more right.
      const manager = await jetstreamManager(connection, { checkAPI: false });
      const link = { connection, client: jetstream(connection), manager };
      const { copies, isNew } = await openStream(manager, this.#options.stream);
      if (isNew) this.#sayMade();
      this.#warnOfOldServer(connection, copies);
      this.#link = link;
      this.#wasOpen = true;
      this.#forgetWhenClosed(connection);
      this.#worked();
      return link;
    } catch (error) {
      this.#open = undefined;
      void connection?.close();
      this.#failed(error);
      throw error;
    }
  }

  /** A stream that was there before is gone with all that it held. */
  #sayMade(): void {
    const stream = JSON.stringify(this.#options.stream.stream);
    const { log } = this.#options;
    if (this.#wasOpen)
      log.happened('warn', `the stream ${stream} was gone, with what it held, and was made anew`);
    else log.happened('info', `there was no stream ${stream}: it was made`);
  }

  #warnOfOldServer({ info }: NatsConnection, copies: number): void {
    const warning = info && describeOldServer(info.version, copies);
    if (warning !== undefined) this.#options.log.warn(warning);
  }

  #forgetWhenClosed(connection: NatsConnection): void {
    const made = this.#open;
    void connection.closed().then(() => {
      if (this.#open === made) this.#open = undefined;
    });
  }

  #worked(): void {
    this.#isFailing = false;
    this.#options.log.worked(this, `NATS can be used again: ${this.#servers.join(', ')}`);
  }

  #failed(error: unknown): void {
    const what =
      error instanceof MisfitError
        ? `the NATS stream does not fit, and nothing is sent to it or taken from it: ${error.message}`
        : `NATS cannot be used: ${describeNatsError(error, this.#options.connection)}; it is tried again (${this.#servers.join(', ')})`;
    this.#isFailing = true;
    // Another reason is news: a server that is back and refuses the credentials.
    this.#options.log.failed(this, what);
  }
}
