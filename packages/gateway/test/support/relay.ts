// SPDX-License-Identifier: Apache-2.0
import { type JetStreamManager, jetstream, jetstreamManager } from '@nats-io/jetstream';
import { type ConnectionOptions, connect, headers, type NatsConnection } from '@nats-io/transport-node';
import { RecordingLogger } from '../../../../test/support/fakes.js';
import type { Engine, EventCount } from '../../src/model/engine.js';
import type { GatewayConfig, ProjectConfig } from '../../src/model/gateway-config.js';
import type { GatewayRole, RelayOptions } from '../../src/model/relay-options.js';
import { createRelayEngine } from '../../src/relay-engine.js';
import { conversion, type Destination, makeDatafileFile, SENDER } from './engine.js';
import type { NatsServer } from './nats-server.js';

export const STREAM = 'optimizely-events';
export const SUBJECT = 'optimizely.events';

/** Gateways of one project over a server, and what the tests look at it with. */
export class RelayHarness implements AsyncDisposable {
  readonly server: NatsServer;
  readonly #destination: Destination;
  readonly #engines: Engine[] = [];
  readonly #login: ConnectionOptions;
  #connection: NatsConnection | undefined;

  /** @param login of one who may look at everything */
  constructor(server: NatsServer, destination: Destination, login: ConnectionOptions = {}) {
    this.#login = login;
    this.server = server;
    this.#destination = destination;
  }

  start(
    role: GatewayRole,
    relay: Partial<RelayOptions> = {},
    project: Partial<ProjectConfig> = {},
    config: Partial<GatewayConfig> = {},
  ) {
    const logger = new RecordingLogger();
    const counts: EventCount[] = [];
    const shop: ProjectConfig = {
      source: { kind: 'file', path: makeDatafileFile() },
      ...(role === 'receive' ? {} : { endpoint: this.#destination.url }),
      flushIntervalMillis: 50,
      ...project,
    };
    const engine = createRelayEngine({
      config: { projects: { shop }, ...config },
      relay: { servers: this.server.url, role, ...relay },
      logger,
      countEvents: count => counts.push(count),
    });
    this.#engines.push(engine);
    const ledger = () => {
      const [state] = engine.projects();
      if (state === undefined) throw new Error('there is no project');
      return state.ledger;
    };
    return { engine, logger, counts, ledger };
  }

  /** Ends one before the end of the test. */
  async close(engine: Engine): Promise<void> {
    await engine.close();
  }

  async connect(): Promise<NatsConnection> {
    if (this.#connection === undefined || this.#connection.isClosed())
      this.#connection = await connect({ servers: this.server.url, ...this.#login });
    return this.#connection;
  }

  async manager(): Promise<JetStreamManager> {
    return jetstreamManager(await this.connect(), { checkAPI: false });
  }

  async messages(stream = STREAM): Promise<number> {
    return (await (await this.manager()).streams.info(stream)).state.messages;
  }

  /** Publishes what no dispatcher of ours would. */
  async publish(body: string | Uint8Array, given: Readonly<Record<string, string>> = {}): Promise<void> {
    const made = headers();
    for (const [name, value] of Object.entries(given)) made.set(name, value);
    await jetstream(await this.connect()).publish(SUBJECT, body, { headers: made });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#engines.splice(0).map(engine => engine.close()));
    await this.#connection?.close();
    await this.server[Symbol.asyncDispose]();
  }
}

export function send(engine: Engine, count: number) {
  const events = Array.from({ length: count }, () => conversion());
  return engine.otlp.take({ events, unreadable: [] }, SENDER);
}

/** A batch as an application publishes it. */
export function batchOf(userIds: readonly string[], members: Readonly<Record<string, unknown>> = {}): string {
  const visitors = userIds.map((visitor_id, index) => ({
    visitor_id,
    attributes: [],
    snapshots: [
      {
        decisions: [],
        events: [
          {
            entity_id: 'event-1',
            key: 'purchase',
            uuid: `00000000-0000-4000-8000-${visitor_id.replace(/\D/g, '').padStart(6, '0')}${String(index).padStart(6, '0')}`,
            timestamp: 1_700_000_000_000,
            type: 'purchase',
          },
        ],
      },
    ],
  }));
  return JSON.stringify({
    account_id: 'account-1',
    project_id: 'project-1',
    revision: '42',
    client_name: 'test',
    client_version: '1.0.0',
    anonymize_ip: true,
    enrich_decisions: true,
    visitors,
    ...members,
  });
}
