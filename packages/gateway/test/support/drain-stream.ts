// SPDX-License-Identifier: Apache-2.0
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import type { NatsServer } from './nats-server.js';
import { STREAM } from './relay.js';

/** Takes every message out of the stream. @returns the visitors' user ids, and the messages' headers */
export async function drainStream(server: NatsServer) {
  const connection = await connect({ servers: server.url });
  try {
    const manager = await jetstreamManager(connection, { checkAPI: false });
    const consumer = await answered(async () => {
      await manager.consumers.add(STREAM, { durable_name: 'test', ack_policy: 'explicit' });
      return jetstream(connection).consumers.get(STREAM, 'test');
    });
    const users: string[] = [];
    const headers: Record<string, string | undefined>[] = [];
    for (;;) {
      const message = await answered(() => consumer.next({ expires: 1_000 }));
      if (message === null) return { users, headers };
      const { visitors } = message.json<{ visitors: { visitor_id: string }[] }>();
      users.push(...visitors.map(({ visitor_id }) => visitor_id));
      headers.push({
        region: message.headers?.get('Optimizely-Region'),
        id: message.headers?.get('Nats-Msg-Id'),
      });
      await message.ackAck();
    }
  } finally {
    await connection.close();
  }
}

/** Asks until there is an answer: a cluster that elects a leader answers nobody for a while. */
async function answered<T>(ask: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await ask();
    } catch {
      await new Promise(setImmediate);
    }
  }
}
