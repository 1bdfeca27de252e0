// SPDX-License-Identifier: Apache-2.0
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

/** Optimizely's Events API as far as senders see it: it answers 204 and keeps the bodies as they came. */
export interface CaptureServer extends AsyncDisposable {
  readonly url: string;
  readonly bodies: readonly string[];
}

export async function startCaptureServer(): Promise<CaptureServer> {
  const bodies: string[] = [];
  const server = createServer(async (request, response) => {
    bodies.push((await buffer(request)).toString());
    response.writeHead(204).end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/events`,
    bodies,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** A visitor with what the request around it says of it. */
export interface SentVisitor {
  readonly uuid: string;
  readonly envelope: Readonly<Record<string, unknown>>;
  readonly visitor: unknown;
}

/** What was sent, by uuid. Integers that JavaScript has no number for are text here, and so compared digit by digit. */
export function sentVisitors(bodies: readonly string[]): SentVisitor[] {
  return bodies
    .flatMap(body => {
      const exact = body.replace(/([:[,]\s*)(-?\d{16,})(?=\s*[,}\]])/g, '$1"$2"');
      const { visitors, ...envelope } = JSON.parse(exact) as { visitors: Visitor[] };
      return visitors.map(visitor => ({
        uuid: visitor.snapshots[0]?.events[0]?.uuid ?? '',
        envelope,
        visitor,
      }));
    })
    .sort((one, other) => (one.uuid < other.uuid ? -1 : 1));
}

interface Visitor {
  readonly snapshots: readonly { readonly events: readonly { readonly uuid: string }[] }[];
}
