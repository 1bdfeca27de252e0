// SPDX-License-Identifier: Apache-2.0

import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import type { buildConnector } from 'undici';
import { tend } from './connection.js';
import { Exchange } from './exchange.js';
import type { Undici } from './load-undici.js';

/** What listens here, such as an instrumentation, would take a rehearsal for a request. */
const CHANNELS = ['undici:request:create', 'undici:client:beforeConnect', 'undici:client:sendHeaders'];

const ANSWER = Buffer.from('HTTP/1.1 204 No Content\r\nConnection: keep-alive\r\n\r\n');

/** A connection to nowhere, without a file descriptor. Answers once. */
class RehearsalSocket extends Duplex {
  #isAnswered = false;

  override _write(_chunk: unknown, _encoding: unknown, written: () => void): void {
    written();
    this.#answer();
  }

  override _writev(_chunks: unknown, written: () => void): void {
    written();
    this.#answer();
  }

  override _read(): void {}

  ref(): this {
    return this;
  }

  unref(): this {
    return this;
  }

  #answer(): void {
    if (this.#isAnswered) return;
    this.#isAnswered = true;
    queueMicrotask(() => this.push(ANSWER));
  }
}

/**
 * Has undici carry out a request without a connection, so that its code is compiled, and its parser, before the first real
 * one: that saves it two thirds of its CPU time, 6 ms. Never fails, and keeps the process no longer than it takes.
 */
export async function rehearse({ Agent }: Undici): Promise<void> {
  try {
    const { hasSubscribers } = process.getBuiltinModule('node:diagnostics_channel');
    if (CHANNELS.some(hasSubscribers)) return;
    const connect = (_target: unknown, connected: buildConnector.Callback) => {
      const socket = new RehearsalSocket() as unknown as Socket;
      tend(socket, true);
      queueMicrotask(() => connected(null, socket));
    };
    const agent = new Agent({ connect: connect as buildConnector.connector });
    try {
      await new Promise((resolve, reject) => {
        agent.dispatch(
          {
            origin: 'http://rehearsal.invalid',
            path: '/',
            method: 'POST',
            headers: { 'Content-Type': 'application/json' },
            body: '{}',
          },
          new Exchange({ count: 0 }, { listen() {}, unlisten() {}, responded: resolve, failed: reject }),
        );
      });
    } finally {
      await agent.destroy();
    }
  } catch {
    // The first request is then as slow as it was.
  }
}
