// SPDX-License-Identifier: Apache-2.0
import type { Agent, ClientRequest, IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { RequestOwner } from '../model/event-dispatcher.js';
import { type Connected, Connector } from './connector.js';
import { type Destination, withAuthorization } from './destination.js';
import { drain } from './drain.js';
import { type NamedProxy, UnusableProxyError } from './proxy-environment.js';
import {
  type Answer,
  CONNECTIONS_PER_ORIGIN,
  KEEP_ALIVE_MILLIS,
  type Message,
  MOST_HEADER_BYTES,
  type Transport,
  type TransportOptions,
} from './transport.js';

/** Requests by `node:http` and `node:https`, for where undici cannot run. Knows no SOCKS proxies. */
export class NodeTransport implements Transport {
  readonly #options: TransportOptions;
  readonly #connectors: Connector[] = [];
  /** By protocol and proxy. */
  readonly #agents = new Map<string, Agent>();

  constructor(options: TransportOptions) {
    this.#options = options;
  }

  post(destination: Destination, message: Message, proxy: NamedProxy | undefined, owner: RequestOwner): void {
    const request = this.#begin(destination, message, proxy);
    let isOver = false;
    const end = (tell: () => void) => {
      if (isOver) return;
      isOver = true;
      owner.unlisten();
      tell();
    };
    owner.listen({
      aborted(reason) {
        end(() => owner.failed(reason));
        request.destroy();
      },
    });
    request
      .on('response', (response: IncomingMessage) => {
        // The rest does not hold the process.
        response.socket.unref();
        drain(response);
        const { statusCode = 0, headers } = response;
        end(() => owner.responded({ statusCode, headers }));
      })
      .on('error', error => {
        const statusCode = statusSeen(error);
        end(() => (statusCode === undefined ? owner.failed(error) : owner.responded({ statusCode })));
      })
      // As after a switch of protocols, which is no error to Node.
      .on('close', () => end(() => owner.failed(new Error('closed without an answer'))));
  }

  get(
    destination: Destination,
    { headers, signal }: Parameters<Transport['get']>[1],
    proxy: NamedProxy | undefined,
  ): Promise<Answer> {
    return new Promise((resolve, reject) => {
      signal.throwIfAborted();
      const request = this.#begin(destination, { method: 'GET', headers }, proxy);
      const end = () => request.destroy(signal.reason);
      signal.addEventListener('abort', end, { once: true });
      request
        .on('response', (body: IncomingMessage) =>
          resolve({ status: body.statusCode ?? 0, headers: body.headers, body }),
        )
        .on('error', reject)
        .on('close', () => {
          signal.removeEventListener('abort', end);
          reject(new Error('closed without an answer'));
        });
    });
  }

  async close(): Promise<void> {
    for (const agent of this.#agents.values()) agent.destroy();
    await Promise.all(this.#connectors.map(connector => connector.close()));
  }

  #begin(
    { url, authorization }: Destination,
    { method, headers, body }: Message,
    proxy: NamedProxy | undefined,
  ): ClientRequest {
    const { protocol } = new URL(url);
    const { request } = process.getBuiltinModule(protocol === 'https:' ? 'node:https' : 'node:http');
    const made = request(url, {
      method,
      headers: withAuthorization(headers, authorization) ?? {},
      agent: this.#agentFor(protocol, proxy),
      maxHeaderSize: MOST_HEADER_BYTES,
    });
    // Node's agents make a socket that is used again hold the process.
    if (!this.#options.keepsProcess) made.on('socket', (socket: Socket) => socket.unref());
    return made.end(body);
  }

  #agentFor(protocol: string, proxy: NamedProxy | undefined): Agent {
    const key = `${protocol} ${proxy?.url.href ?? ''}`;
    const agent = this.#agents.get(key) ?? this.#makeAgent(protocol, proxy);
    this.#agents.set(key, agent);
    return agent;
  }

  #makeAgent(protocol: string, proxy: NamedProxy | undefined): Agent {
    if (proxy?.url.protocol.startsWith('socks')) throw new UnusableProxyError(proxy.variable);
    const connector = new Connector(this.#options, proxy);
    this.#connectors.push(connector);
    const { Agent } = process.getBuiltinModule(protocol === 'https:' ? 'node:https' : 'node:http');
    const agent = new Agent({
      keepAlive: true,
      maxSockets: CONNECTIONS_PER_ORIGIN,
      timeout: KEEP_ALIVE_MILLIS,
    });
    return Object.assign(agent, {
      createConnection: ({ host, port }: { host: string; port: number }, connected: Connected) =>
        connector.connect({ protocol, hostname: host.replace(/^\[|\]$/g, ''), port }, connected),
    });
  }
}

/** What the first line of an answer says whose other lines Node's parser refuses. */
function statusSeen(error: Error & { code?: string; rawPacket?: Buffer }): number | undefined {
  if (error.code?.startsWith('HPE_') !== true || error.rawPacket === undefined) return undefined;
  const [, status] = /(?:^|\r\n\r\n)HTTP\/1\.\d ([2-9]\d\d)/.exec(error.rawPacket.toString('latin1')) ?? [];
  return status === undefined ? undefined : Number(status);
}
