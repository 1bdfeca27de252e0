// SPDX-License-Identifier: Apache-2.0
import { isIP, connect as openSocket, type Socket } from 'node:net';
import type { RuntimeTimer } from '../model/runtime.js';
import { systemRuntime } from '../util/system-runtime.js';
import { tend } from './connection.js';
import type { NamedProxy } from './proxy-environment.js';
import type { TransportOptions } from './transport.js';
import { openTunnel } from './tunnel.js';

/** Where to, as undici and Node's agents ask for a connection. */
export interface Target {
  /** IPv6 without brackets. */
  readonly hostname: string;
  readonly protocol: string;
  readonly port?: string | number | null | undefined;
  readonly servername?: string | null | undefined;
}

export type Connected = (...result: [error: null, socket: Socket] | [error: Error, socket: null]) => void;

/** A connection that was not there in time. Its code is undici's. */
class ConnectTimeoutError extends Error {
  override readonly name = 'ConnectTimeoutError';
  readonly code = 'UND_ERR_CONNECT_TIMEOUT';
}

const IDLE_CHECK_MILLIS = 50;

/** Opens connections, through a proxy or none, that hold the process no longer than they may in whatever state they are. */
export class Connector {
  readonly #options: TransportOptions;
  readonly #proxy: NamedProxy | undefined;
  readonly #pending = new Set<Socket>();
  /** What is connected, and not closed yet. */
  readonly #open = new Set<Socket>();
  readonly #abandoned = new WeakSet<Socket>();
  readonly #sessions = new Map<string, Buffer>();
  #idleCheck: RuntimeTimer | undefined;

  constructor(options: TransportOptions, proxy: NamedProxy | undefined) {
    this.#options = options;
    this.#proxy = proxy;
  }

  /** A property, since it is called without its object. */
  readonly connect = (target: Target, callback: Connected): void => {
    this.#connect(target).then(
      socket => callback(null, socket),
      (error: Error) => callback(error, null),
    );
  };

  /** Ends what is not connected yet. Resolves once the connections that were given out have closed: their owner ends them. */
  async close(): Promise<void> {
    this.#idleCheck?.clear();
    for (const socket of this.#pending) socket.destroy();
    await Promise.all(
      [...this.#open].map(socket => new Promise<void>(resolve => void socket.once('close', resolve))),
    );
  }

  async #connect(target: Target): Promise<Socket> {
    const { timeoutMillis, keepsProcess } = this.#options;
    const sockets: Socket[] = [];
    const begin = (socket: Socket, event: 'connect' | 'secureConnect') => {
      sockets.push(socket);
      this.#pending.add(socket);
      if (!keepsProcess) {
        socket.unref();
        this.#watchForIdleness();
      }
      return established(socket, event);
    };
    const timer = systemRuntime.setTimer(() => {
      for (const socket of sockets) socket.destroy(new ConnectTimeoutError('no connection in time'));
    }, timeoutMillis);
    try {
      const socket = await this.#reach(target, begin);
      tend(socket, keepsProcess);
      this.#open.add(socket.once('close', () => this.#open.delete(socket)));
      return socket;
    } catch (error) {
      for (const socket of sockets) socket.destroy();
      if (!sockets.some(socket => this.#abandoned.has(socket))) throw error;
      return new Promise((_resolve, reject) => {
        systemRuntime.setTimer(() => reject(error), timeoutMillis);
      });
    } finally {
      timer.clear();
      for (const socket of sockets) this.#pending.delete(socket);
    }
  }

  async #reach(target: Target, begin: Begin): Promise<Socket> {
    const { protocol, hostname } = target;
    const port = portOf(target);
    if (this.#proxy === undefined) {
      return protocol === 'https:'
        ? this.#secure(target, begin)
        : begin(openSocket(port, hostname), 'connect');
    }
    const { url } = this.#proxy;
    const proxy = { protocol: url.protocol, hostname: url.hostname.replace(/^\[|\]$/g, ''), port: url.port };
    const socket = await (url.protocol === 'https:'
      ? this.#secure(proxy, begin)
      : begin(openSocket(portOf(proxy), proxy.hostname), 'connect'));
    await openTunnel(socket, { hostname, port }, this.#proxy);
    return protocol === 'https:' ? this.#secure(target, begin, socket) : socket;
  }

  #secure(target: Target, begin: Begin, socket?: Socket): Promise<Socket> {
    const { hostname } = target;
    const servername = target.servername || (isIP(hostname) === 0 ? hostname : '');
    const session = this.#sessions.get(hostname);
    const { connect } = process.getBuiltinModule('node:tls');
    const secured = connect({
      host: hostname,
      port: portOf(target),
      ALPNProtocols: ['http/1.1'],
      ...(servername !== '' && { servername }),
      ...(session !== undefined && { session }),
      ...(socket !== undefined && { socket }),
    });
    secured.on('session', session => this.#sessions.set(hostname, session));
    return begin(secured, 'secureConnect');
  }

  /** An unref'd socket holds the process while it connects: where nothing else does, that is given up. */
  #watchForIdleness(checks = 1): void {
    this.#idleCheck?.clear();
    this.#idleCheck = systemRuntime.setTimer(() => {
      if (this.#pending.size === 0) return;
      if (isHeldOnlyBy(this.#pending.size, checks)) this.#abandon();
      else this.#watchForIdleness(checks + 1);
    }, IDLE_CHECK_MILLIS);
  }

  /** In silence, since most likely the process ends. */
  #abandon(): void {
    for (const socket of this.#pending) {
      this.#abandoned.add(socket);
      socket.destroy();
    }
  }
}

/** Standard streams are listed where they are used, whether they hold the process or not. */
const STANDARD_STREAMS = ['PipeWrap', 'TTYWrap'];
/** By then a connection is there, if it will ever be, and one who waits for input may be without it. */
const PATIENT_CHECKS = 20;

/** Whether the process lives for so many connections that are being made, and for nothing else. */
function isHeldOnlyBy(connections: number, checks: number): boolean {
  const holding = process.getActiveResourcesInfo();
  const others = holding.filter(kind => kind !== 'ConnectWrap');
  if (holding.length - others.length > connections) return false;
  return (
    others.length === 0 || (checks > PATIENT_CHECKS && others.every(kind => STANDARD_STREAMS.includes(kind)))
  );
}

type Begin = (socket: Socket, event: 'connect' | 'secureConnect') => Promise<Socket>;

function portOf({ port, protocol }: Target): number {
  return Number(port || (protocol === 'https:' ? 443 : 80));
}

function established(socket: Socket, event: 'connect' | 'secureConnect'): Promise<Socket> {
  socket.setNoDelay(true).setKeepAlive(true, 60_000);
  return new Promise((resolve, reject) => {
    socket
      .once(event, () => resolve(socket))
      // Stays: an error that nothing listens to ends the process.
      .on('error', reject)
      .once('close', () => reject(new Error('closed before it was connected')));
  });
}
