// SPDX-License-Identifier: Apache-2.0
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Collector } from '../support/collector.js';
import { KafkaBroker } from '../support/kafka-broker.js';
import { type GatewayArguments, gatewayArguments } from './gateway-arguments.js';
import { freePort, GatewayProcess } from './gateway-process.js';

/** The processes between a sender and Optimizely. */
const LINKS = ['agent', 'broker', 'reader', 'gateway'] as const;
export type Link = (typeof LINKS)[number];

export interface ChainOptions {
  /** For the files of the gateway. */
  readonly folder: string;
  readonly endpoint: string;
  readonly isHurried: boolean;
  readonly settings?: ChainSettings | undefined;
  /** A link that is not started. */
  readonly absent?: Link | undefined;
}

/** What differs from the files in deploy/collector. */
export interface ChainSettings {
  readonly agent?: readonly string[];
  readonly reader?: readonly string[];
  readonly broker?: readonly string[];
  /** A second broker leads the topics, and the first one follows; with fewer than both, `required_acks: -1` waits. */
  readonly isReplicated?: boolean;
}

/** Group of the reader, as kafka-to-gateway.yaml names it. */
const GROUP = 'optimizely-event-gateway';
/** As agent-to-kafka.yaml names them. */
const TOPICS = ['optimizely-experiment-logs', 'optimizely-experiment-spans'];
const BOTH_REPLICAS = 'min.insync.replicas=2';

/** A Collector that fills Kafka, a broker, a Collector that empties it, and a gateway, each a process that can be killed. */
export class KafkaChain {
  readonly #tracing: Server;
  readonly #broker: KafkaBroker;
  /** Undefined where there is one broker only. */
  readonly leader: KafkaBroker | undefined;
  readonly #agent: Collector;
  readonly #reader: Collector;
  readonly #gatewayArguments: readonly string[];
  readonly gatewayPort: number;
  #gateway: GatewayProcess | undefined;

  private constructor(
    tracing: Server,
    broker: KafkaBroker,
    leader: KafkaBroker | undefined,
    agent: Collector,
    reader: Collector,
    gateway: GatewayArguments,
  ) {
    this.#tracing = tracing;
    this.#broker = broker;
    this.leader = leader;
    this.#agent = agent;
    this.#reader = reader;
    this.gatewayPort = gateway.port;
    this.#gatewayArguments = gatewayArguments(gateway);
  }

  static async start(options: ChainOptions): Promise<KafkaChain> {
    const { folder, endpoint, isHurried, settings = {}, absent } = options;
    const tracing = createServer((request, response) => request.resume().on('end', () => response.end()));
    tracing.listen(0, '127.0.0.1');
    await once(tracing, 'listening');
    const properties = [...(settings.broker ?? []), ...(settings.isReplicated ? [BOTH_REPLICAS] : [])];
    const broker = await KafkaBroker.start(properties);
    const leader = settings.isReplicated ? await broker.startSecond(properties) : undefined;
    if (leader !== undefined) for (const topic of TOPICS) broker.createTopic(topic, [2, 1]);
    const KAFKA_BROKER = broker.address;
    const port = await freePort();
    const chain = new KafkaChain(
      tracing,
      broker,
      leader,
      await Collector.prepare('agent-to-kafka.yaml', {
        env: {
          KAFKA_BROKER,
          TRACING_ENDPOINT: `http://127.0.0.1:${(tracing.address() as AddressInfo).port}`,
        },
        settings: settings.agent ?? [],
      }),
      await Collector.prepare('kafka-to-gateway.yaml', {
        env: { KAFKA_BROKER, GATEWAY_ENDPOINT: `http://127.0.0.1:${port}` },
        settings: settings.reader ?? [],
      }),
      { folder, endpoint, port, store: false, ack: undefined, isHurried },
    );
    try {
      for (const link of ['gateway', 'agent', 'reader'] as const) {
        if (link !== absent) await chain.start(link);
      }
    } catch (error) {
      await chain[Symbol.asyncDispose]();
      throw error;
    }
    return chain;
  }

  get follower(): KafkaBroker {
    return this.#broker;
  }

  /** Of the first Collector. */
  get port(): number {
    return this.#agent.port;
  }

  async start(link: Link): Promise<void> {
    switch (link) {
      case 'agent':
        return this.#agent.start();
      case 'broker':
        return this.#broker.start();
      case 'reader':
        return this.#reader.start();
      case 'gateway':
        this.#gateway = new GatewayProcess(this.#gatewayArguments);
        return this.#gateway.listening();
    }
  }

  async end(link: Link, signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    switch (link) {
      case 'agent':
        return this.#agent.end(signal);
      case 'broker':
        return this.#broker.end(signal);
      case 'reader':
        return this.#reader.end(signal);
      case 'gateway':
        await this.#gateway?.end(signal);
    }
  }

  get drops(): readonly string[] {
    return [...this.#agent.drops, ...this.#reader.drops];
  }

  /** Messages that wait in Kafka, or whose receipt does. */
  lag(): number | undefined {
    return this.#broker.lag(GROUP);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end('gateway', 'SIGKILL');
    // Killed: what they hold has been counted, or never will be.
    for (const collector of [this.#reader, this.#agent]) {
      await collector.end('SIGKILL');
      await collector[Symbol.asyncDispose]();
    }
    await this.leader?.[Symbol.asyncDispose]();
    await this.#broker[Symbol.asyncDispose]();
    this.#tracing.closeAllConnections();
    this.#tracing.close();
  }
}
