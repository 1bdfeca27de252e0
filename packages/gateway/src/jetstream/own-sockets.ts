// SPDX-License-Identifier: Apache-2.0
import { AsyncLocalStorage } from 'node:async_hooks';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { Socket } from 'node:net';

const CHANNEL = 'net.client.socket';
const current = new AsyncLocalStorage<Set<Socket>>();

/**
 * Does work that opens connections, and closes them where it fails: NATS's client leaves the socket of a server that takes a
 * connection and then says nothing, which would keep the process alive for as long as that server is silent.
 */
export async function closingSocketsIfItFails<T>(work: () => Promise<T>): Promise<T> {
  const sockets = new Set<Socket>();
  // Published within the call that makes the socket, so that those of others are told apart.
  const collect = (message: unknown) => current.getStore()?.add((message as { socket: Socket }).socket);
  subscribe(CHANNEL, collect);
  try {
    return await current.run(sockets, work);
  } catch (error) {
    for (const socket of sockets) socket.destroy();
    throw error;
  } finally {
    unsubscribe(CHANNEL, collect);
  }
}
