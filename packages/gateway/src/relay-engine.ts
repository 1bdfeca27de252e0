// SPDX-License-Identifier: Apache-2.0
import { createEngine, type EngineOptions } from './engine.js';
import { createJetStreamDispatcher } from './jetstream/jetstream-dispatcher.js';
import { resolveStreamOptions } from './jetstream/jetstream-options.js';
import { NatsLink } from './jetstream/nats-link.js';
import { RelayFeed } from './jetstream/relay-feed.js';
import type { Engine, ProjectState } from './model/engine.js';
import type { GatewayConfig } from './model/gateway-config.js';
import type { Receipt } from './model/receipt.js';
import type { RelayOptions } from './model/relay-options.js';
import { prefixedLogger } from './projects/prefixed-logger.js';
import { systemRuntime } from './util/system-runtime.js';

export interface RelayEngineOptions extends Omit<EngineOptions, 'eventDispatcher'> {
  readonly relay: RelayOptions;
}

const CONSUMER = 'optimizely-event-gateway';
const MAX_MESSAGES = 200;
/** Of all gateways together. */
const MAX_ACK_PENDING = 10_000;
const ACK_WAIT_MILLIS = 30_000;
const CONNECT_TIMEOUT_MILLIS = 5_000;
/** A connection that fills a stream all the time need not close between two batches. */
const IDLE_TIMEOUT_MILLIS = 60_000;
/** Messages hold what came within it: batches are filled when they are delivered. */
const RECEIVE_FLUSH_INTERVAL_MILLIS = 150;

/**
 * Puts an engine together whose doors fill a stream, or one that delivers from a stream, or both: two engines then, of
 * which one never knows of the other.
 *
 * @throws TypeError if an option can't be used
 */
export function createRelayEngine({ relay, ...options }: RelayEngineOptions): Engine {
  const { role = 'both' } = relay;
  const receiving = role === 'deliver' ? undefined : createReceivingEngine(relay, options);
  const delivering = role === 'receive' ? undefined : createDeliveringEngine(relay, options);
  const engines = [receiving, delivering].filter(engine => engine !== undefined);
  const later = async (): Promise<Receipt> => ({
    status: 'later',
    reason: 'delivers_only',
    retryAfterSeconds: 30,
  });
  return {
    // A gateway that only delivers has no doors; its server shows its health.
    otlp: receiving?.otlp ?? { take: later },
    batches: receiving?.batches ?? { take: later },
    get takesEvaluations() {
      return receiving?.takesEvaluations === true;
    },
    // A gateway that only delivers refuses each request by itself.
    get isFull() {
      return receiving?.isFull === true;
    },
    projects: () => [
      ...(receiving?.projects() ?? []),
      ...(delivering?.projects() ?? []).map(state => (receiving === undefined ? state : asDelivering(state))),
    ],
    async reload(config) {
      await Promise.all(engines.map(engine => engine.reload(config)));
    },
    drain() {
      for (const engine of engines) engine.drain();
    },
    async close() {
      await receiving?.close();
      await delivering?.close();
    },
  };
}

function createReceivingEngine(relay: RelayOptions, options: Omit<EngineOptions, 'eventDispatcher'>): Engine {
  const logger = prefixedLogger(options.logger, 'stream');
  const dispatcher = createJetStreamDispatcher({
    ...relay,
    idleTimeoutMillis: IDLE_TIMEOUT_MILLIS,
    logger,
    runtime: options.runtime,
  });
  const settings = (config: GatewayConfig) =>
    mapProjects(config, project => ({
      ...project,
      endpoint: undefined,
      flushIntervalMillis: RECEIVE_FLUSH_INTERVAL_MILLIS,
    }));
  const engine = createEngine({ ...options, config: settings(options.config), eventDispatcher: dispatcher });
  return {
    ...engine,
    get takesEvaluations() {
      return engine.takesEvaluations;
    },
    reload: config => engine.reload(settings(config)),
    async close() {
      await engine.close();
      await dispatcher.close();
    },
  };
}

function createDeliveringEngine(
  relay: RelayOptions,
  options: Omit<EngineOptions, 'eventDispatcher'>,
): Engine {
  const { runtime = systemRuntime } = options;
  const stream = resolveStreamOptions(relay);
  // A message is its events' store: it is acknowledged once they are delivered.
  const settings = (config: GatewayConfig) =>
    mapProjects(config, project => ({ ...project, store: undefined, ack: 'delivered' }));
  const engine = createEngine({ ...options, config: settings(options.config) });
  const feed = new RelayFeed({
    link: new NatsLink({
      connection: relay,
      stream,
      logger: prefixedLogger(options.logger, 'stream'),
      name: CONSUMER,
      connectTimeoutMillis: CONNECT_TIMEOUT_MILLIS,
    }),
    stream: stream.stream,
    consumer: {
      consumer: relay.consumer ?? CONSUMER,
      subject: stream.subject,
      ackWaitMillis: relay.ackWaitMillis ?? ACK_WAIT_MILLIS,
      maxAckPending: MAX_ACK_PENDING,
    },
    maxMessages: relay.maxMessages ?? MAX_MESSAGES,
    intake: engine.batches,
    logger: options.logger,
    runtime,
  });
  feed.start();
  return {
    ...engine,
    reload: config => engine.reload(settings(config)),
    async close() {
      // What is in hand is answered first; what is not, another gateway gets.
      const ended = feed.stop();
      engine.drain();
      await ended;
      await engine.close();
    },
  };
}

function mapProjects(
  config: GatewayConfig,
  change: (project: GatewayConfig['projects'][string]) => GatewayConfig['projects'][string],
): GatewayConfig {
  const projects = Object.entries(config.projects).map(([name, project]) => [name, change(project)] as const);
  return { ...config, projects: Object.fromEntries(projects) };
}

function asDelivering(state: ProjectState): ProjectState {
  return { ...state, name: `${state.name}/deliver` };
}
