// SPDX-License-Identifier: Apache-2.0
import { setTimeout as pause } from 'node:timers/promises';
import { type JetStreamManager, jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { Random } from '../../../../../test/chaos/random.js';
import { closingSocketsIfItFails } from '../../../src/jetstream/own-sockets.js';
import { NatsField, STREAM, SUBJECT } from './fault.js';
import { NATS_FAULTS, type NatsFaultName, planFaults } from './fault-plan.js';
import { NatsCluster } from './nats-cluster.js';

export interface NatsAloneOptions {
  readonly servers: 1 | 3;
  /** Of the stream. */
  readonly copies: 1 | 3;
  readonly faults: number;
  readonly kinds: readonly NatsFaultName[];
  readonly seed: number;
  readonly logFolder?: string | undefined;
  readonly onFault?: (name: NatsFaultName, report: NatsAloneReport) => void;
}

export interface NatsAloneReport {
  readonly acknowledged: number;
  /** Of those, not in the stream at the end. */
  readonly lost: number;
  /** Of those, in the stream under another number than was acknowledged. */
  readonly moved: number;
  readonly notDone: number;
}

const PUBLISHERS = 6;
const AT_ONCE = 5;
const TIMEOUT_MILLIS = 2_000;
const RETRY_MILLIS = 100;
const ACK_WAIT_MILLIS = 8_000;

/**
 * Publishes to a stream that keeps everything, with NATS's own client and nothing of the gateway, while its servers fail.
 * Then it reads the stream: what was acknowledged and is not there was lost by NATS.
 */
export async function runNatsAlone(options: NatsAloneOptions): Promise<NatsAloneReport> {
  const cluster = await NatsCluster.start({ size: options.servers, logFolder: options.logFolder });
  try {
    return await new NatsAlone(cluster, options).run();
  } finally {
    await cluster.close();
  }
}

class NatsAlone {
  readonly #cluster: NatsCluster;
  readonly #options: NatsAloneOptions;
  /** The number of each message that was acknowledged. */
  readonly #acknowledged = new Map<string, number>();
  readonly #ending = new AbortController();
  #published = 0;
  #notDone = 0;

  constructor(cluster: NatsCluster, options: NatsAloneOptions) {
    this.#cluster = cluster;
    this.#options = options;
  }

  async run(): Promise<NatsAloneReport> {
    await this.#makeStream();
    const publishers = Array.from({ length: PUBLISHERS }, (_, number) => this.#publish(number));
    await this.#fail();
    this.#ending.abort();
    await Promise.all(publishers);
    while (!(await this.#cluster.isCurrent(STREAM))) await pause(RETRY_MILLIS);
    const stored = await this.#read();
    const numbers = [...this.#acknowledged].map(([message, number]) => [number, stored.get(message)]);
    return {
      ...this.#report(),
      lost: numbers.filter(([, found]) => found === undefined).length,
      moved: numbers.filter(([number, found]) => found !== undefined && found !== number).length,
    };
  }

  #report(): NatsAloneReport {
    return { acknowledged: this.#acknowledged.size, lost: 0, moved: 0, notDone: this.#notDone };
  }

  async #makeStream(): Promise<void> {
    const config = { name: STREAM, subjects: [SUBJECT], num_replicas: this.#options.copies };
    await this.#persistently(manager => manager.streams.add(config));
  }

  async #fail(): Promise<void> {
    const { seed, copies, kinds, faults, onFault } = this.#options;
    const random = new Random(seed);
    const field = new NatsField({
      cluster: this.#cluster,
      copies,
      random,
      ackWaitMillis: ACK_WAIT_MILLIS,
      pace: 1,
      signal: this.#ending.signal,
    });
    for (const name of planFaults(kinds, faults, random)) {
      await field.last(2_000, 6_000);
      onFault?.(name, this.#report());
      if ((await NATS_FAULTS[name](field)) === false) this.#notDone++;
    }
    await field.last(2_000, 6_000);
  }

  /** Never tries the same message again: what was not acknowledged may be there or not. */
  async #publish(publisher: number): Promise<void> {
    while (!this.#ending.signal.aborted) {
      let connection: NatsConnection | undefined;
      try {
        connection = await this.#connect(publisher);
        while (!this.#ending.signal.aborted) {
          await Promise.all(Array.from({ length: AT_ONCE }, () => this.#publishOne(connection)));
          await pause(30);
        }
      } catch {
        await pause(RETRY_MILLIS);
      } finally {
        await connection?.close();
      }
    }
  }

  async #publishOne(connection: NatsConnection | undefined): Promise<void> {
    if (connection === undefined) return;
    const message = `message ${this.#published++}`;
    const { seq } = await jetstream(connection).publish(SUBJECT, message, {
      timeout: TIMEOUT_MILLIS,
      retries: 0,
    });
    this.#acknowledged.set(message, seq);
  }

  /** @returns the number of each message that is in the stream */
  async #read(): Promise<ReadonlyMap<string, number>> {
    const stored = new Map<string, number>();
    const { first_seq, last_seq } = await this.#persistently(
      async manager => (await manager.streams.info(STREAM)).state,
    );
    let next = first_seq;
    await this.#persistently(async manager => {
      for (; next <= last_seq; next++) {
        const message = await manager.streams.getMessage(STREAM, { seq: next });
        if (message !== null) stored.set(message.string(), next);
      }
    });
    return stored;
  }

  /** Asks one server after the other until one answers. */
  async #persistently<T>(ask: (manager: JetStreamManager) => Promise<T>): Promise<T> {
    for (let server = 0; ; server++) {
      let connection: NatsConnection | undefined;
      try {
        connection = await this.#connect(server);
        return await ask(await jetstreamManager(connection, { checkAPI: false, timeout: TIMEOUT_MILLIS }));
      } catch {
        await pause(RETRY_MILLIS);
      } finally {
        await connection?.close();
      }
    }
  }

  #connect(number: number): Promise<NatsConnection> {
    const { urls } = this.#cluster;
    const servers = urls[number % urls.length] ?? [];
    return closingSocketsIfItFails(() => connect({ servers, timeout: TIMEOUT_MILLIS, reconnect: false }));
  }
}
