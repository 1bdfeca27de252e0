// SPDX-License-Identifier: Apache-2.0
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { kafka } from '../senders/toolbox.js';
import { freePort } from './nats-server.js';
import { ServerProcess } from './server-process.js';

export const NO_KAFKA = 'install it with `npm run senders:install -- kafka`';

const CLUSTER = 'AAAAAAAAAAAAAAAAAAAAAQ';
const JAVA = ['-cp', `${kafka.folder}/target/dependency/*`];
// Little to compile, and one collector of garbage: it starts in three seconds.
const SMALL = ['-Xmx512m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1'];

/** A real Kafka broker, whose files outlive its process. The first of a cluster is its controller, too. */
export class KafkaBroker {
  readonly #folder = mkdtempSync(join(tmpdir(), 'kafka-'));
  readonly #properties: string;
  readonly #controller: string;
  readonly address: string;
  readonly #server: ServerProcess;

  private constructor(id: number, port: number, controller: string, properties: readonly string[]) {
    this.address = `127.0.0.1:${port}`;
    this.#controller = controller;
    this.#properties = join(this.#folder, 'server.properties');
    const isController = id === 1;
    const lines = [
      `process.roles=${isController ? 'broker,controller' : 'broker'}`,
      `node.id=${id}`,
      `controller.quorum.voters=1@${controller}`,
      `listeners=PLAINTEXT://${this.address}${isController ? `,CONTROLLER://${controller}` : ''}`,
      `advertised.listeners=PLAINTEXT://${this.address}`,
      'controller.listener.names=CONTROLLER',
      `log.dirs=${join(this.#folder, 'log')}`,
      'num.partitions=4',
      'offsets.topic.num.partitions=1',
      'group.initial.rebalance.delay.ms=0',
      ...['offsets.topic', 'transaction.state.log'].map(topic => `${topic}.replication.factor=1`),
      'transaction.state.log.min.isr=1',
      ...properties,
    ];
    writeFileSync(this.#properties, lines.join('\n'));
    this.#server = new ServerProcess({
      command: 'java',
      args: [...SMALL, ...JAVA, 'kafka.Kafka', this.#properties],
      ready: 'Kafka Server started',
    });
  }

  /** @param properties more lines of the broker's configuration */
  static async start(properties: readonly string[] = []): Promise<KafkaBroker> {
    const controller = `127.0.0.1:${await freePort()}`;
    return KafkaBroker.#make(new KafkaBroker(1, await freePort(), controller, properties));
  }

  /** Another broker in the cluster of this one. */
  async startSecond(properties: readonly string[] = []): Promise<KafkaBroker> {
    return KafkaBroker.#make(new KafkaBroker(2, await freePort(), this.#controller, properties));
  }

  static async #make(broker: KafkaBroker): Promise<KafkaBroker> {
    broker.#command('kafka.tools.StorageTool', ['format', '-t', CLUSTER, '-c', broker.#properties]);
    await broker.start();
    return broker;
  }

  /** Starts it, again if it was killed, on the same port and files. */
  start(): Promise<void> {
    return this.#server.start();
  }

  end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    return this.#server.end(signal);
  }

  /** As a machine that stands still for a while: its connections stay. */
  freeze(): void {
    this.#server.freeze();
  }

  thaw(): void {
    this.#server.thaw();
  }

  /** @param replicas brokers with a copy of its one partition; the first leads */
  createTopic(topic: string, replicas: readonly number[]): void {
    this.#command('org.apache.kafka.tools.TopicCommand', [
      ...['--bootstrap-server', this.address],
      ...['--create', '--topic', topic, '--replica-assignment', replicas.join(':')],
    ]);
  }

  /** Messages of the topics that the group has not committed; undefined if it has committed none. */
  lag(group: string): number | undefined {
    const output = this.#command('org.apache.kafka.tools.consumer.group.ConsumerGroupCommand', [
      ...['--bootstrap-server', this.address],
      ...['--describe', '--group', group],
    ]);
    // GROUP TOPIC PARTITION CURRENT-OFFSET LOG-END-OFFSET …; the third is `-` where nothing was committed.
    const partitions = output
      .split('\n')
      .map(line => line.split(/\s+/))
      .filter(([name]) => name === group)
      .map(([, , , current, end]) => Number(end) - (Number(current) || 0));
    return partitions.length === 0 ? undefined : partitions.reduce((sum, lag) => sum + lag, 0);
  }

  #command(main: string, args: readonly string[]): string {
    const { status, stdout, stderr } = spawnSync('java', [...SMALL, ...JAVA, main, ...args], {
      encoding: 'utf8',
    });
    if (status !== 0) throw new Error(`${main} ended with ${status}\n${stdout}${stderr}`);
    return stdout;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end('SIGKILL');
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
