// SPDX-License-Identifier: Apache-2.0
import { isIPv6, type Socket } from 'node:net';
import { context } from '@opentelemetry/api';
import { withoutCredentials } from '../util/http-url.js';
import { suppressTracing } from '../util/suppress-tracing.js';
import type { NamedProxy } from './proxy-environment.js';

/** A proxy that does not let us through. Its code has the status: `PROXY_ANSWERED_407`. */
export class ProxyRefusedError extends Error {
  override readonly name = 'ProxyRefusedError';
  readonly code: string;

  constructor(variable: string, status: number) {
    super(`the proxy of ${variable} answered CONNECT with status ${status}`);
    this.code = `PROXY_ANSWERED_${status}`;
  }
}

/**
 * Makes of a connection to a proxy one to its destination. It takes as long as the proxy does: destroy the socket to end it.
 *
 * @throws (rejects) ProxyRefusedError, or why the connection broke
 */
export function openTunnel(
  socket: Socket,
  { hostname, port }: { readonly hostname: string; readonly port: number },
  { url, variable }: NamedProxy,
): Promise<void> {
  const { request } = process.getBuiltinModule('node:http');
  const authority = `${isIPv6(hostname) ? `[${hostname}]` : hostname}:${port}`;
  const { authorization } = withoutCredentials(url.href);
  return context.with(
    suppressTracing(context.active()),
    () =>
      new Promise<void>((resolve, reject) => {
        request({
          method: 'CONNECT',
          path: authority,
          createConnection: () => socket,
          headers: {
            host: authority,
            'proxy-connection': 'keep-alive',
            ...(authorization !== undefined && { 'proxy-authorization': authorization }),
          },
        })
          .on('connect', ({ statusCode = 0 }, _socket, head) => {
            if (statusCode < 200 || statusCode > 299) reject(new ProxyRefusedError(variable, statusCode));
            if (head.length > 0) socket.unshift(head);
            resolve();
          })
          .on('error', reject)
          .end();
      }),
  );
}
