// SPDX-License-Identifier: Apache-2.0
import { type Faults, type Field, STREAM } from './fault.js';

const LONGEST_FILL_MILLIS = 60_000;
const LONGEST_WAIT_FOR_BATCHES_MILLIS = 5_000;
/** Of the stream's bytes: beyond it, the next batches are refused. */
const FULL_SHARE = 0.9;

/** What gateways, applications and the destination meet. */
export const WORKER_FAULTS = {
  async 'a delivering gateway killed between request and acknowledgment'(field) {
    await takenAndUnanswered(field);
    const killed = field.fleet.kill(field.deliverer());
    field.endpoint.outage = undefined;
    await killed;
  },
  async 'all delivering gateways killed between request and acknowledgment'(field) {
    await takenAndUnanswered(field);
    const killed = field.fleet.deliverers.map(slot => field.fleet.kill(slot));
    field.endpoint.outage = undefined;
    await Promise.all(killed);
  },
  async 'a receiving gateway killed'(field) {
    await field.fleet.kill(field.receiver());
  },
  async 'a delivering gateway paused for longer than the ack wait'(field) {
    const { gateway } = field.deliverer();
    gateway.pause();
    await field.last(field.ackWaitMillis, 1.5 * field.ackWaitMillis);
    gateway.resume();
  },
  async 'all gateways replaced'(field) {
    await field.fleet.replaceAll();
  },
  async 'the application with a store killed'(field) {
    await field.app.kill();
  },
  async 'a destination that answers 503'(field) {
    field.endpoint.outage = '503';
    await field.last(2_000, 8_000);
    field.endpoint.outage = undefined;
  },
  async 'a destination that hangs'(field) {
    field.endpoint.outage = 'hang';
    await field.last(2_000, 8_000);
    field.endpoint.outage = undefined;
  },
  async 'a full stream'(field) {
    field.endpoint.outage = '503';
    await field.until(() => isFull(field), LONGEST_FILL_MILLIS);
    await field.last(1_000, 4_000);
    field.endpoint.outage = undefined;
  },
} as const satisfies Faults;

/** The destination has some batches now, and has not said so. */
async function takenAndUnanswered(field: Field): Promise<void> {
  const { endpoint } = field;
  const taken = () => endpoint.outcomes.get('take and hang') ?? 0;
  const before = taken();
  endpoint.outage = 'take and hang';
  await field.until(() => taken() >= before + 3, LONGEST_WAIT_FOR_BATCHES_MILLIS);
}

async function isFull({ cluster }: Field): Promise<boolean> {
  const stream = await cluster.stream(STREAM);
  return stream !== undefined && stream.state.bytes > FULL_SHARE * stream.config.max_bytes;
}
