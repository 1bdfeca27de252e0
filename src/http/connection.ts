// SPDX-License-Identifier: Apache-2.0
import type { Socket } from 'node:net';
import { HeadReader } from './head-reader.js';

/** On the error of a connection whose answer can't be parsed: the status that its first line says. */
const STATUS_SEEN = Symbol('status seen');

const PARSE_ERRORS = ['HTTPParserError', 'HeadersOverflowError', 'ResponseContentLengthMismatchError'];

const tended = new WeakSet<Socket>();

/**
 * Does for a connection of undici's what undici leaves undone. Interim answers are skipped: undici ends a connection that
 * brings a `100 Continue`. The process is kept alive from a request to the head of its answer, not to the end of its body,
 * or not at all. What the first line of an answer says is not lost where the lines behind it can't be parsed.
 */
export function tend(socket: Socket, keepsProcess: boolean): void {
  if (tended.has(socket)) return;
  tended.add(socket);
  const { read, write, ref, destroy } = socket;
  const heads = new HeadReader();

  if (!keepsProcess) {
    socket.unref();
    socket.ref = () => socket;
  }
  let isUnreferenced = false;
  socket.write = ((chunk: string | Uint8Array, encoding?: never, callback?: never) => {
    if (heads.expect() && isUnreferenced) {
      isUnreferenced = false;
      ref.call(socket);
    }
    return write.call(socket, chunk, encoding, callback);
  }) as Socket['write'];
  socket.read = size => {
    const chunk = read.call(socket, size) as Buffer | null;
    if (chunk === null || !heads.areExpected) return chunk;
    const rest = heads.take(chunk);
    // Behind a 204 is nothing to wait for.
    if (!heads.areExpected && keepsProcess && heads.status !== 204) {
      isUnreferenced = true;
      socket.unref();
    }
    return rest;
  };
  socket.destroy = error => destroy.call(socket, error && translated(error, heads.status));
}

function translated(error: Error, status: number | undefined): Error {
  // undici would connect again for the request that was aborted.
  if ((error as NodeJS.ErrnoException).code === 'UND_ERR_INFO' && error.message === 'aborted') {
    return new Error('aborted');
  }
  return status !== undefined && PARSE_ERRORS.includes(error.name)
    ? Object.assign(error, { [STATUS_SEEN]: status })
    : error;
}

export function statusSeen(error: Error): number | undefined {
  return (error as { [STATUS_SEEN]?: number })[STATUS_SEEN];
}
