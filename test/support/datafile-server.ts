// SPDX-License-Identifier: Apache-2.0
import { createServer, type IncomingMessage } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import type { Duplex } from 'node:stream';
import { gzipSync } from 'node:zlib';
import type { Runtime } from 'opentelemetry-exporter-optimizely/testing';
import { makeDatafile } from './datafile.js';
import { type Behavior, startServer } from './hostile-server.js';
import type { ManualRuntime } from './manual-runtime.js';

export interface Serving {
  etag?: string;
  lastModified?: string;
  gzip?: boolean;
  /** Of the datafile, over those of `makeDatafile`. */
  members?: Record<string, unknown>;
}

/** Serves a datafile of this revision: 304 to a request that has it, as its ETag or else its date says. */
export function revision(
  name: string,
  { etag, lastModified, gzip = false, members }: Serving = {},
): Behavior {
  const text = JSON.stringify(makeDatafile({ revision: name, ...members }));
  return (response, { headers }) => {
    const unchanged =
      etag !== undefined
        ? headers['if-none-match'] === etag
        : lastModified !== undefined && headers['if-modified-since'] === lastModified;
    // Without ETag and date: some servers leave them out here.
    if (unchanged) return void response.writeHead(304).end();
    if (etag !== undefined) response.setHeader('ETag', etag);
    if (lastModified !== undefined) response.setHeader('Last-Modified', lastModified);
    if (gzip) response.setHeader('Content-Encoding', 'gzip');
    response.writeHead(200).end(gzip ? gzipSync(text) : text);
  };
}

export const send =
  (status: number, headers: Record<string, string>, body: string | Buffer = ''): Behavior =>
  response =>
    void response.writeHead(status, headers).end(body);

export const redirect = (location: string, status = 302): Behavior =>
  send(status, { Location: location }, 'moved');

/** Promises the whole body and closes the connection after half of it. */
export const cutShort =
  (body: string, framing: 'content-length' | 'chunked'): Behavior =>
  response => {
    response.writeHead(200, framing === 'chunked' ? {} : { 'Content-Length': String(body.length) });
    response.write(body.slice(0, body.length / 2), () => response.socket?.end());
  };

/** A body that goes on for as long as somebody reads it. */
export function endless(status = 200, headers: Record<string, string> = {}) {
  const sent = { bytes: 0 };
  let close: () => void = () => {};
  const closed = new Promise<void>(resolve => {
    close = resolve;
  });
  const behavior: Behavior = response => {
    response.on('close', close);
    response.writeHead(status, headers);
    const more = () => {
      if (response.destroyed || sent.bytes > 100_000_000) return;
      sent.bytes += 100_000;
      response.write(Buffer.alloc(100_000, ' '), more);
    };
    more();
  };
  return { sent, behavior, closed };
}

/** Answers when the test says, or never; `begins` is sent at once. */
export function held(
  then: Behavior,
  { begins }: { begins?: [headers: Record<string, string>, part: string | Buffer] } = {},
) {
  let release: () => void = () => {};
  const gate = new Promise<void>(resolve => {
    release = resolve;
  });
  let close: () => void = () => {};
  const closed = new Promise<void>(resolve => {
    close = resolve;
  });
  const behavior: Behavior = (response, request) => {
    response.on('close', close);
    if (begins !== undefined) response.writeHead(200, begins[0]).write(begins[1]);
    void gate.then(() => then(response, request));
  };
  /** `closed`: the connection has ended. */
  return { behavior, release, closed };
}

/** A loopback server for datafiles that follows a script, one entry a request; the last one goes on. */
export async function startDatafileServer(...script: Behavior[]) {
  const server = await startServer(() => {
    const [next = send(404, {})] = script.length > 1 ? script.splice(0, 1) : script;
    return next;
  });
  return {
    ...server,
    urlTemplate: `${server.origin}/datafiles/{sdkKey}.json`,
    /** From the next request on. */
    follow(...next: Behavior[]) {
      script.splice(0, script.length, ...next);
    },
  };
}

/** A proxy that tunnels to loopback servers and refuses all else; keeps what it was asked for. */
export async function startProxy() {
  const asked: { target: string; headers: IncomingMessage['headers'] }[] = [];
  const sockets = new Set<Duplex>();
  let look: () => void = () => {};
  const proxy = createServer();
  proxy.on('connect', (request: IncomingMessage, socket) => {
    const target = request.url ?? '';
    asked.push({ target, headers: request.headers });
    look();
    sockets.add(socket);
    socket.on('error', () => {});
    const [host, port] = target.split(':');
    if (host !== '127.0.0.1') return void socket.end('HTTP/1.1 403 Forbidden\r\n\r\n');
    const upstream = connect(Number(port), host, () => {
      socket.write('HTTP/1.1 200 Connection Established\r\n\r\n');
      upstream.pipe(socket).pipe(upstream);
    });
    sockets.add(upstream);
    upstream.on('error', () => socket.destroy());
  });
  await new Promise<void>(resolve => proxy.listen(0, '127.0.0.1', resolve));
  return {
    asked,
    url: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`,
    async requested(): Promise<void> {
      while (asked.length === 0) {
        await new Promise<void>(resolve => {
          look = resolve;
        });
      }
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise(resolve => proxy.close(resolve));
    },
  };
}

/**
 * Looks on while polls are scheduled. They are told from the manager's other timers by these being the deadline of a
 * request, or referenced.
 */
export function watchPolls(clock: ManualRuntime, requestTimeoutMillis: number) {
  const timers: { millis: number; dueAt: number; referenced: boolean }[] = [];
  const waiting = new Set<() => void>();
  const polls = () => timers.filter(timer => !timer.referenced && timer.millis !== requestTimeoutMillis);
  const runtime: Runtime = {
    ...clock,
    setTimer(callback, millis) {
      const seen = { millis, dueAt: clock.monotonic() + millis, referenced: false };
      timers.push(seen);
      const timer = clock.setTimer(callback, millis);
      for (const resolve of waiting) resolve();
      waiting.clear();
      return {
        clear: () => timer.clear(),
        ref() {
          seen.referenced = true;
          timer.ref();
        },
      };
    },
  };
  /** Waits until the nth request has ended. @returns in how many milliseconds the next one follows */
  async function scheduled(n: number): Promise<number> {
    for (;;) {
      const poll = polls()[n - 1];
      if (poll !== undefined) return poll.millis;
      await new Promise<void>(resolve => waiting.add(resolve));
    }
  }
  return {
    runtime,
    scheduled,
    get count() {
      return polls().length;
    },
    /** Moves the clock to the next request, and waits until it has ended. @returns as `scheduled` */
    async next(): Promise<number> {
      await scheduled(1);
      const known = polls();
      await clock.advance(Math.ceil((known.at(-1)?.dueAt ?? 0) - clock.monotonic()));
      return scheduled(known.length + 1);
    },
  };
}
