// SPDX-License-Identifier: Apache-2.0
import { createEngine, type EngineOptions } from './engine.js';
import { resolveStreamOptions } from './jetstream/jetstream-options.js';
import { LinkKeeper } from './jetstream/link-keeper.js';
import type { LinkLog } from './jetstream/link-log.js';
import { NatsLink } from './jetstream/nats-link.js';
import { StreamPublisher } from './jetstream/stream-publisher.js';
import type { Engine, ProjectState } from './model/engine.js';
import type { GatewayConfig } from './model/gateway-config.js';
import type { RelayOptions } from './model/relay-options.js';
import { mapProjects } from './relay-projects.js';
import { systemRuntime } from './util/system-runtime.js';
import { unlessAborted } from './util/unless-aborted.js';

const NAME = 'optimizely-event-gateway';
const TIMEOUT_MILLIS = 5_000;
/** Messages hold what came within it: batches are filled when they are delivered. */
const FLUSH_INTERVAL_MILLIS = 150;

/**
 * Puts an engine together that fills a stream.
 *
 * @param log says how the connection fares
 * @throws TypeError if an option can't be used
 */
export function createReceivingEngine(
  relay: RelayOptions,
  options: Omit<EngineOptions, 'eventDispatcher'>,
  log: LinkLog,
): Engine {
  const { runtime = systemRuntime } = options;
  const stream = resolveStreamOptions(relay);
  const link = new NatsLink({
    connection: relay,
    stream,
    log,
    name: NAME,
    connectTimeoutMillis: TIMEOUT_MILLIS,
    runtime,
  });
  const publisher = new StreamPublisher({
    ...stream,
    link,
    sender: NAME,
    publishTimeoutMillis: TIMEOUT_MILLIS,
  });
  const isAlone = relay.role === 'receive';
  const settings = (config: GatewayConfig) =>
    mapProjects(config, project => ({
      ...project,
      // Who delivers knows where to.
      endpoint: undefined,
      flushIntervalMillis: (isAlone ? project.flushIntervalMillis : undefined) ?? FLUSH_INTERVAL_MILLIS,
    }));
  const engine = createEngine({
    ...options,
    config: settings(options.config),
    eventDispatcher: {
      destination: publisher.destination,
      dispatchEvent: (logEvent, options) =>
        unlessAborted(options, publisher.publish(logEvent, options?.ageMillis ?? 0)),
    },
  });
  const keeper = new LinkKeeper(link, runtime);
  keeper.start();
  return {
    otlp: engine.otlp,
    batches: engine.batches,
    get takesEvaluations() {
      return engine.takesEvaluations;
    },
    whyFull: sender => engine.whyFull(sender),
    projects: () => engine.projects().map(state => (link.isFailing ? withoutStream(state) : state)),
    reload: config => engine.reload(settings(config)),
    prepare: config => engine.prepare(settings(config)),
    drain: () => engine.drain(),
    async close() {
      await engine.close();
      await keeper.stop();
    },
  };
}

/** One with a store goes on taking events. */
function withoutStream(state: ProjectState): ProjectState {
  return state.hasStore ? state : { ...state, notReady: state.notReady ?? 'stream_unusable' };
}
