// SPDX-License-Identifier: Apache-2.0
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';

const LENGTH = /content-length: (\d+)/i;

/** A loopback server that answers whole requests with whatever bytes the test writes. */
export async function startRawServer(answer: (socket: Socket, index: number) => unknown) {
  const sockets = new Set<Socket>();
  let requests = 0;
  let look: () => void = () => {};
  const server = createServer(socket => {
    sockets.add(socket);
    let text = '';
    socket
      .setEncoding('latin1')
      .on('error', () => {})
      .on('close', () => {
        sockets.delete(socket);
        look();
      })
      .on('data', (chunk: string) => {
        text += chunk;
        const headEnd = text.indexOf('\r\n\r\n');
        if (headEnd < 0 || text.length - headEnd - 4 < Number(LENGTH.exec(text)?.[1] ?? 0)) return;
        text = '';
        void answer(socket, requests++);
        look();
      });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const until = async (condition: () => boolean) => {
    while (!condition()) {
      await new Promise<void>(resolve => {
        look = resolve;
      });
    }
  };
  return {
    origin,
    url: `${origin}/v1/events`,
    get requests() {
      return requests;
    },
    received: (count: number) => until(() => requests >= count),
    /** Resolves when no connection is open. */
    allClosed: () => until(() => sockets.size === 0),
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise(resolve => server.close(resolve));
    },
  };
}
