// SPDX-License-Identifier: Apache-2.0
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import type { ConnectionTap } from './nats-tap.js';

/**
 * How a connection fails: `closed`, each connection is reset and new ones too; `silent`, connections stay open and
 * nothing passes, as with a firewall that drops packets.
 */
export type Cut = 'closed' | 'silent';

/** Stands between a client and a server on the loopback interface, so that what is between them can fail. */
export class CutProxy {
  readonly #server: Server;
  readonly #targetPort: number;
  readonly #tap: (() => ConnectionTap) | undefined;
  readonly #pairs = new Set<readonly [Socket, Socket]>();
  #cut: Cut | undefined;

  private constructor(targetPort: number, tap: (() => ConnectionTap) | undefined) {
    this.#targetPort = targetPort;
    this.#tap = tap;
    this.#server = createServer(client => this.#accept(client));
  }

  /** @param tap gives, for each connection, what is to hear it */
  static async open(targetPort: number, tap?: () => ConnectionTap): Promise<CutProxy> {
    const proxy = new CutProxy(targetPort, tap);
    proxy.#server.listen(0, '127.0.0.1');
    await once(proxy.#server, 'listening');
    return proxy;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  cut(how: Cut): void {
    this.#cut = how;
    for (const [client, server] of this.#pairs) {
      if (how === 'closed') {
        client.resetAndDestroy();
        server.resetAndDestroy();
      } else {
        client.unpipe(server).pause();
        server.unpipe(client).pause();
      }
    }
  }

  /** New connections pass, and so does what waits in those that were silent. */
  mend(): void {
    if (this.#cut === undefined) return;
    this.#cut = undefined;
    for (const pair of this.#pairs) join(pair);
  }

  async close(): Promise<void> {
    this.cut('closed');
    this.#server.close();
    await once(this.#server, 'close');
  }

  #accept(client: Socket): void {
    if (this.#cut === 'closed') {
      client.on('error', () => {}).resetAndDestroy();
      return;
    }
    const pair = [client, connect(this.#targetPort, '127.0.0.1')] as const;
    this.#pairs.add(pair);
    const end = () => {
      this.#pairs.delete(pair);
      for (const socket of pair) socket.destroy();
    };
    for (const socket of pair) socket.setNoDelay(true).on('error', end).on('close', end);
    const tap = this.#tap?.();
    if (tap !== undefined) {
      pair[0].on('data', chunk => tap.sent(chunk));
      pair[1].on('data', chunk => tap.received(chunk));
    }
    if (this.#cut === undefined) join(pair);
    else for (const socket of pair) socket.pause();
  }
}

function join([client, server]: readonly [Socket, Socket]): void {
  client.pipe(server);
  server.pipe(client);
}
