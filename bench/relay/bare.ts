// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import {
  AckPolicy,
  type ConsumerMessages,
  jetstream,
  jetstreamManager,
  RetentionPolicy,
  StorageType,
} from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { send } from '../harness/child.js';

/** What it has spent since it began, microseconds, and the messages that it has had. */
export interface BareFigures {
  readonly cpuMicros: number;
  readonly messages: number;
}

const STREAM = 'bare';
const CONSUMER = 'bare';
/** The processor's default `maxConcurrentRequests`, and the gateway's default `maxMessages`. */
const AT_ONCE = { publish: 4, consume: 2_000 } as const;

// The least that moves the same bytes over JetStream: publishes each and waits for its acknowledgment, or takes and
// acknowledges each. The stream is as the gateway makes it, and no message has an id, as none of the gateway's has.
const [role, servers] = process.argv.slice(2) as ['publish' | 'consume', string];
// As the gateway connects: a stack for each request costs as much as all else of a small publish.
const connection = await connect({ servers, noAsyncTraces: true });
let messages = 0;

async function consume(): Promise<void> {
  const manager = await jetstreamManager(connection);
  await manager.streams.add({
    name: STREAM,
    subjects: [STREAM],
    storage: StorageType.File,
    retention: RetentionPolicy.Workqueue,
  });
  await manager.consumers.add(STREAM, { durable_name: CONSUMER, ack_policy: AckPolicy.Explicit });
  const consumer = await jetstream(connection).consumers.get(STREAM, CONSUMER);
  void count(await consumer.consume({ max_messages: AT_ONCE.consume }));
}

async function count(incoming: ConsumerMessages): Promise<void> {
  for await (const message of incoming) {
    message.ack();
    messages++;
  }
}

/** @param file messages, each after its length in bytes */
async function publish(file: string): Promise<void> {
  const bytes = readFileSync(file);
  const client = jetstream(connection);
  let at = 0;
  const publisher = async () => {
    while (at < bytes.length) {
      const start = at + 4;
      at = start + bytes.readUInt32BE(at);
      await client.publish(STREAM, bytes.subarray(start, at), { expect: { streamName: STREAM } });
      messages++;
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE.publish }, publisher));
}

function figures(): BareFigures {
  const { user, system } = process.cpuUsage();
  return { cpuMicros: user + system, messages };
}

if (role === 'consume') await consume();
process.on('message', async (task: { readonly file: string } | 'figures') => {
  if (task !== 'figures') await publish(task.file);
  await send(figures());
});
process.on('disconnect', () => process.exit());
await send(0);
