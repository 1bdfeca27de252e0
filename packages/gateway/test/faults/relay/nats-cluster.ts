// SPDX-License-Identifier: Apache-2.0
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import {
  type ConsumerInfo,
  type JetStreamManager,
  jetstreamManager,
  type StreamInfo,
} from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { freePort, NatsServer } from '../../support/nats-server.js';
import { type Cut, CutProxy } from './cut-proxy.js';
import type { ConnectionTap } from './nats-tap.js';
import { SmallDisk } from './small-disk.js';

const DISK_MEGABYTES = 96;
const ASK_MILLIS = 2_000;
const CONSUMER = 'optimizely-event-gateway';

/** One server of the cluster, and the ways to it and from it. */
export interface Member {
  /** As the servers call each other. */
  readonly name: string;
  readonly server: NatsServer;
  /** Undefined where file systems can't be mounted. */
  readonly disk: SmallDisk | undefined;
  /** Between clients and the server. */
  readonly clients: CutProxy;
  /** Between the server and the others, in both directions. */
  readonly routes: CutProxy[];
}

export interface NatsClusterOptions {
  readonly size: number;
  /** Gives what is to hear one connection of a client to the server of that name. */
  readonly tap?: (server: string) => ConnectionTap;
  /** Where the logs of the servers are kept; undefined: nowhere. */
  readonly logFolder?: string | undefined;
}

/** Real servers on the loopback interface, and clients of theirs, with everything between them open to faults. */
export class NatsCluster {
  readonly members: readonly Member[];

  private constructor(members: readonly Member[]) {
    this.members = members;
  }

  static async start({ size, tap, logFolder }: NatsClusterOptions): Promise<NatsCluster> {
    const routePorts = await Promise.all(Array.from({ length: size }, freePort));
    const links = await Promise.all(
      routePorts.flatMap((port, to) =>
        routePorts.flatMap((_, from) =>
          from === to ? [] : [CutProxy.open(port).then(proxy => ({ from, to, proxy }))],
        ),
      ),
    );
    const members = await Promise.all(
      routePorts.map(async (port, index) => {
        const routes = links.filter(({ from }) => from === index).map(({ proxy }) => proxy.port);
        const server = await NatsServer.prepare(
          [
            ...(logFolder === undefined ? [] : ['debug: true']),
            ...(size === 1 ? [] : [clusterConfig(index, port, routes)]),
          ].join('\n'),
        );
        if (logFolder !== undefined) server.logFile = join(logFolder, `${nameOf(index)}.log`);
        return {
          name: nameOf(index),
          server,
          disk: SmallDisk.mount(server.storeFolder, DISK_MEGABYTES),
          clients: await CutProxy.open(server.port, tap && (() => tap(nameOf(index)))),
          routes: links.filter(({ from, to }) => from === index || to === index).map(({ proxy }) => proxy),
        };
      }),
    );
    const cluster = new NatsCluster(members);
    await Promise.all(members.map(({ server }) => server.start()));
    return cluster;
  }

  /** What clients are given. */
  get urls(): string[] {
    return this.members.map(({ clients }) => `nats://127.0.0.1:${clients.port}`);
  }

  cutRoutes(member: Member, how: Cut): void {
    for (const route of member.routes) route.cut(how);
  }

  mend(): void {
    for (const { clients, routes } of this.members) for (const proxy of [clients, ...routes]) proxy.mend();
  }

  /** The server forgets everything, as a machine that was replaced. */
  async wipe({ server, disk }: Member): Promise<void> {
    await server.kill();
    rmSync(`${server.storeFolder}/jetstream`, { recursive: true, force: true });
    disk?.empty();
    await server.start();
  }

  /** @returns what some server says of the stream; undefined if none does */
  stream(name: string): Promise<StreamInfo | undefined> {
    return this.#ask(manager => manager.streams.info(name));
  }

  /** @returns undefined while there is none, and where there is one server */
  async leader(name: string): Promise<Member | undefined> {
    const leader = (await this.stream(name))?.cluster?.leader;
    return this.members.find(member => member.name === leader);
  }

  /** As `stream`, of the consumer that all gateways share. */
  consumer(stream: string): Promise<ConsumerInfo | undefined> {
    return this.#ask(manager => manager.consumers.info(stream, CONSUMER));
  }

  /** Whether every copy of the stream is up to date. */
  async isCurrent(name: string): Promise<boolean> {
    const stream = await this.stream(name);
    if (stream === undefined) return false;
    if (this.members.length === 1) return true;
    const { cluster, config } = stream;
    const copies = cluster?.replicas?.filter(({ current, offline }) => current && offline !== true) ?? [];
    return cluster?.leader !== undefined && copies.length === config.num_replicas - 1;
  }

  async close(): Promise<void> {
    for (const { server, disk } of this.members) {
      await server.kill();
      disk?.unmount();
      await server[Symbol.asyncDispose]();
    }
    const proxies = this.members.flatMap(({ clients, routes }) => [clients, ...routes]);
    await Promise.all([...new Set(proxies)].map(proxy => proxy.close()));
  }

  async #ask<T>(question: (manager: JetStreamManager) => Promise<T>): Promise<T | undefined> {
    for (const { server } of this.members) {
      const options = { servers: server.url, timeout: ASK_MILLIS, reconnect: false };
      const connection = await connect(options).catch(() => undefined);
      if (connection === undefined) continue;
      try {
        return await question(await jetstreamManager(connection, { checkAPI: false, timeout: ASK_MILLIS }));
      } catch {
        // Another one may know.
      } finally {
        await connection.close();
      }
    }
    return undefined;
  }
}

function nameOf(index: number): string {
  return `n${index}`;
}

/** Servers know each other only by the ways that can be cut: what they tell of themselves is an address without a server. */
function clusterConfig(index: number, port: number, routes: readonly number[]): string {
  const urls = routes.map(route => `nats://127.0.0.1:${route}`).join(', ');
  return `server_name: ${nameOf(index)}
cluster {
  name: faults, listen: "127.0.0.1:${port}", no_advertise: true, advertise: "127.0.0.1:1"
  routes: [${urls}]
}`;
}
