// SPDX-License-Identifier: Apache-2.0
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer, type Server as TlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { SecureContextOptions } from 'node:tls';
import type { Logger } from 'opentelemetry-exporter-optimizely';
import type { Runtime } from '../model/runtime.js';
import type { RefusalLog } from '../util/refusal-log.js';
import { Exchange, isEnding, markEnding } from './exchange.js';
import type { RequestHandler } from './request-handler.js';
import type { ResolvedServerOptions } from './server-options.js';
import type { TurnQueue } from './turn-queue.js';

export interface HttpServerOptions {
  readonly limits: ResolvedServerOptions;
  /** Undefined for plain HTTP. */
  readonly tls: SecureContextOptions | undefined;
  readonly handler: RequestHandler;
  /** Is told of connections. */
  readonly turns: TurnQueue;
  readonly refusals: RefusalLog;
  readonly logger: Logger;
  readonly runtime: Runtime;
}

/** How often Node looks for requests that take too long. */
const MOST_LOOK_MILLIS = 1_000;
const HANDSHAKE_MILLIS = 10_000;
/** How long senders may take to read the last answers. */
const LAST_ANSWERS_MILLIS = 2_000;

/** Node's HTTP server, with every limit said here: its own defaults change between versions, and by flags. */
export class HttpServer {
  readonly #options: HttpServerOptions;
  readonly #server: Server | TlsServer;
  readonly #exchanges = new Map<Socket, Exchange>();
  /** As the kernel has them. */
  readonly #connections = new Set<Socket>();
  /** As requests see them: with TLS, those whose handshake has ended. */
  readonly #sockets = new Set<Socket>();

  constructor(options: HttpServerOptions) {
    this.#options = options;
    const { limits, tls } = options;
    const { headersTimeoutMillis, requestTimeoutMillis } = limits;
    const common = {
      maxHeaderSize: limits.maxHeaderBytes,
      headersTimeout: Math.min(headersTimeoutMillis, requestTimeoutMillis),
      requestTimeout: requestTimeoutMillis,
      connectionsCheckingInterval: Math.min(MOST_LOOK_MILLIS, headersTimeoutMillis, requestTimeoutMillis),
      keepAliveTimeout: limits.keepAliveTimeoutMillis,
      // Whatever NODE_OPTIONS says: a lenient parser is what request smuggling needs.
      insecureHTTPParser: false,
      // Refused by the handler, which closes the connection for what follows, too.
      requireHostHeader: false,
    };
    this.#server =
      tls === undefined
        ? createServer(common)
        : createTlsServer({
            ...common,
            ...tls,
            requestCert: tls.ca !== undefined,
            // Refused with 403 instead, so that probes without a certificate reach /healthz and /readyz.
            rejectUnauthorized: false,
            handshakeTimeout: HANDSHAKE_MILLIS,
            ALPNProtocols: ['http/1.1'],
          });
    this.#server.maxConnections = limits.maxConnections;
    this.#server.maxRequestsPerSocket = 0;
    // Their size is limited. By number Node would drop those above, and what they say with them.
    this.#server.maxHeadersCount = 0;
    this.#listenTo(this.#server);
  }

  get connections(): number {
    return this.#connections.size;
  }

  /** Rejects with the system's error where it can't listen. */
  async listen(): Promise<AddressInfo> {
    const { host, port } = this.#options.limits;
    this.#server.listen({ host, port, backlog: 1_024 });
    await once(this.#server, 'listening');
    this.#server.on('error', error => this.#options.logger.error(`the server failed: ${error.message}`));
    return this.#server.address() as AddressInfo;
  }

  /** Brings new certificates into force. Connections that have shown or were shown the old ones end. */
  useTls(tls: SecureContextOptions): void {
    (this.#server as TlsServer).setSecureContext(tls);
    this.#server.closeIdleConnections();
    for (const exchange of this.#exchanges.values()) exchange.closeAfterAnswer();
  }

  /** Lets connections go that no request is on; the others close with their answer. */
  dropIdle(): void {
    this.#server.closeIdleConnections();
  }

  /**
   * Frees the port, and ends all connections once the answers that are owed have been read. Node's own
   * `closeIdleConnections()` leaves those that have not sent anything yet.
   */
  async close(): Promise<void> {
    const closed = new Promise<void>(resolve => this.#server.close(() => resolve()));
    for (const socket of this.#sockets) {
      if (!this.#exchanges.has(socket)) socket.destroy();
    }
    const timer = this.#options.runtime.setTimer(() => {
      for (const socket of this.#connections) socket.destroy();
    }, LAST_ANSWERS_MILLIS);
    await closed;
    timer.clear();
  }

  #listenTo(server: Server): void {
    const { handler, turns, refusals, runtime, limits } = this.#options;
    const take = (awaitsContinue: boolean) => (request: IncomingMessage, response: ServerResponse) => {
      if (isEnding(request.socket)) return;
      const exchange = new Exchange(request, response, runtime, awaitsContinue);
      this.#exchanges.set(request.socket, exchange);
      response.once('close', () => {
        if (this.#exchanges.get(request.socket) === exchange) this.#exchanges.delete(request.socket);
      });
      void handler.handle(exchange);
    };
    server.on('request', take(false));
    server.on('checkContinue', take(true));
    const track = (sockets: Set<Socket>) => (socket: Socket) => {
      sockets.add(socket);
      socket.once('close', () => sockets.delete(socket));
    };
    server.on('connection', () => turns.connected());
    server.on('connection', track(this.#connections));
    server.on(this.#options.tls === undefined ? 'connection' : 'secureConnection', track(this.#sockets));
    server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) => this.#fail(error, socket));
    server.on('tlsClientError', error => {
      const { code = 'unknown' } = error as NodeJS.ErrnoException;
      refusals.note(`TLS handshakes failed (${code})`, withHint(`a TLS handshake failed: ${code}`, code));
    });
    server.on('drop', () => {
      const kind = `connections refused: ${limits.maxConnections} are open`;
      refusals.note(kind, kind);
    });
  }

  /** What the parser refuses, and what takes too long. After it the connection is of no more use. */
  #fail({ code = '' }: NodeJS.ErrnoException, socket: Socket): void {
    const exchange = this.#exchanges.get(socket);
    if (code === 'ECONNRESET' || code === 'EPIPE' || !socket.writable) {
      socket.destroy();
      return;
    }
    if (isEnding(socket)) return;
    const isTimeout = code === 'ERR_HTTP_REQUEST_TIMEOUT';
    if (exchange === undefined || exchange.isAnswered) {
      markEnding(socket);
      socket.end(exchange === undefined ? (RAW_ANSWERS[code] ?? BAD_REQUEST) : '', () => socket.destroy());
    } else if (exchange.request.complete) {
      // What follows a whole request is not one. The first one gets its answer all the same.
      exchange.closeAfterAnswer();
    } else {
      const { handler } = this.#options;
      exchange.closeAfterAnswer();
      if (isTimeout) handler.refuseForNow(exchange, 'the request took too long to arrive');
      else
        handler.refuse(exchange, {
          status: 400,
          message: 'the request is not HTTP/1.1 as the standard has it',
        });
      return;
    }
    const kind = isTimeout ? 'requests that took too long' : `malformed requests (${code})`;
    this.#options.refusals.note(kind, withHint(kind, code));
  }
}

const GRPC = 'a sender speaks HTTP/2, as OTLP over gRPC does; have it send http/protobuf';
/** What the usual mistakes of senders look like here. */
const HINTS: Readonly<Record<string, string>> = {
  HPE_PAUSED_H2_UPGRADE: GRPC,
  ERR_SSL_NO_APPLICATION_PROTOCOL: GRPC,
  ERR_SSL_HTTP_REQUEST: 'a sender speaks plain HTTP; its URL must begin with https',
};

function withHint(line: string, code: string): string {
  const hint = HINTS[code];
  return hint === undefined ? line : `${line}: ${hint}`;
}

const BAD_REQUEST = rawAnswer('400 Bad Request');
const RAW_ANSWERS: Readonly<Record<string, string>> = {
  HPE_HEADER_OVERFLOW: rawAnswer('431 Request Header Fields Too Large'),
  HPE_CHUNK_EXTENSIONS_OVERFLOW: rawAnswer('413 Payload Too Large'),
  // Not 408: most exporters of OpenTelemetry would drop what they were about to send.
  ERR_HTTP_REQUEST_TIMEOUT: rawAnswer('503 Service Unavailable\r\nretry-after: 1'),
};

function rawAnswer(status: string): string {
  return `HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`;
}
