// SPDX-License-Identifier: Apache-2.0
import { createEngine, type EngineOptions } from './engine.js';
import { resolveStreamOptions } from './jetstream/jetstream-options.js';
import type { LinkLog } from './jetstream/link-log.js';
import { MessageDelivery } from './jetstream/message-delivery.js';
import { MessagesInHand } from './jetstream/messages-in-hand.js';
import { NatsLink } from './jetstream/nats-link.js';
import { PARK_REASONS, ParkedMessages } from './jetstream/parked-messages.js';
import { RelayFeed } from './jetstream/relay-feed.js';
import { StrandedMessages } from './jetstream/stranded-messages.js';
import { StreamMonitor } from './jetstream/stream-monitor.js';
import type { Engine, ProjectState } from './model/engine.js';
import type { GatewayConfig } from './model/gateway-config.js';
import type { RelayOptions } from './model/relay-options.js';
import { prefixedLogger } from './projects/prefixed-logger.js';
import { mapProjects } from './relay-projects.js';
import { systemRuntime } from './util/system-runtime.js';

const CONSUMER = 'optimizely-event-gateway';
const MAX_MESSAGES = 2_000;
const MAX_BYTES = 67_108_864;
/** Of all gateways together. */
const MAX_ACK_PENDING = 50_000;
const ACK_WAIT_MILLIS = 30_000;
const FETCH_MILLIS = 10_000;
const CONNECT_TIMEOUT_MILLIS = 5_000;

/**
 * Puts an engine together that delivers from a stream. It has no doors of its own.
 *
 * @param log says how the connection fares
 * @throws TypeError if an option can't be used
 */
export function createDeliveringEngine(
  relay: RelayOptions,
  options: Omit<EngineOptions, 'eventDispatcher'>,
  log: LinkLog,
): Engine {
  const { runtime = systemRuntime } = options;
  const stream = resolveStreamOptions(relay);
  const settings = (config: GatewayConfig) => deliverySettings(config, stream.maxAgeMillis);
  const engine = createEngine({
    ...options,
    config: settings(options.config),
    maxStreamAgeMillis: stream.maxAgeMillis,
  });
  const logger = prefixedLogger(options.logger, 'stream');
  const link = new NatsLink({
    connection: relay,
    stream,
    log,
    name: CONSUMER,
    connectTimeoutMillis: CONNECT_TIMEOUT_MILLIS,
    runtime,
  });
  const consumer = relay.consumer ?? CONSUMER;
  const maxMessages = relay.maxMessages ?? MAX_MESSAGES;
  // From zero on: what a counter begins with is no increase to Prometheus.
  const parked = new Map<string, number>(PARK_REASONS.map(reason => [reason, 0]));
  const monitor = new StreamMonitor({ stream: stream.stream, consumer, logger });
  const feed = new RelayFeed({
    link,
    connection: relay,
    stream: stream.stream,
    consumer: {
      consumer,
      subject: stream.subject,
      ackWaitMillis: relay.ackWaitMillis ?? ACK_WAIT_MILLIS,
      isAckWaitGiven: relay.ackWaitMillis !== undefined,
      maxAckPending: MAX_ACK_PENDING,
      maxMessages,
      fetchMillis: FETCH_MILLIS,
    },
    hand: new MessagesInHand({ maxMessages, maxBytes: MAX_BYTES, runtime }),
    delivery: new MessageDelivery({
      stream: stream.stream,
      intake: engine.messages,
      parked: new ParkedMessages(link, stream),
      countParked: reason => parked.set(reason, (parked.get(reason) ?? 0) + 1),
      maxOfOneProject: () => (engine.projects().length > 1 ? Math.ceil(maxMessages / 2) : maxMessages),
      logger,
      runtime,
    }),
    monitor,
    stranded: new StrandedMessages({ stream: stream.stream, subject: stream.subject, consumer, logger }),
    logger,
    runtime,
  });
  feed.start();
  return {
    otlp: engine.otlp,
    batches: engine.batches,
    takesEvaluations: false,
    whyFull: () => undefined,
    projects: () => engine.projects().map(state => (feed.isFailing ? withoutStream(state) : state)),
    stream: () => monitor.figures && { ...monitor.figures, parked },
    reload: config => engine.reload(settings(config)),
    prepare: config => engine.prepare(settings(config)),
    drain() {
      feed.stop();
      engine.drain();
    },
    async close() {
      feed.stop();
      // What is delivered within its time is acknowledged; the rest is given back, for another gateway.
      await engine.close();
      await feed.ended();
    },
  };
}

/**
 * A message is its events' store, and waits as long as it takes. What may leave was decided where the events entered
 * the stream: a hash of a hash would be another visitor.
 */
function deliverySettings(config: GatewayConfig, maxEventAgeMillis: number): GatewayConfig {
  const delivering = mapProjects(config, project => ({
    ...project,
    store: undefined,
    ack: 'settled',
    maxEventAgeMillis,
    allowedAttributes: undefined,
    userIdHashKey: undefined,
    dedupe: undefined,
  }));
  return { ...delivering, ackTimeoutMillis: Number.POSITIVE_INFINITY };
}

function withoutStream(state: ProjectState): ProjectState {
  return { ...state, notReady: state.notReady ?? 'stream_unusable' };
}
