// SPDX-License-Identifier: Apache-2.0
import { ConfigError } from './config/config-error.js';
import { createEngine, type EngineOptions } from './engine.js';
import { createEventsDoor } from './events-api/events-door.js';
import type { Gateway } from './gateway.js';
import type { Engine } from './model/engine.js';
import type { GatewayOptions } from './options/gateway-options.js';
import { asOption, resolveOptions } from './options/resolve-options.js';
import { createOtlpDoor } from './otlp/otlp-door.js';
import { createRelayEngine } from './relay-engine.js';
import { RunningGateway } from './running-gateway.js';
import { GatewayMetrics } from './server/gateway-metrics.js';
import { createStderrLogger } from './server/pino-logger.js';
import { PrometheusPage } from './server/prometheus-page.js';
import { serve } from './server/serve.js';
import { resolveServerOptions } from './server/server-options.js';
import { observeStream } from './server/stream-metrics.js';
import { systemRuntime } from './util/system-runtime.js';

/**
 * Starts a gateway: listens, and delivers the experiment events that it is sent to Optimizely.
 *
 * @throws (rejects) ConfigError if options or configuration can't be used; Error if a file of tokens or certificates
 * can't be, or the address can't be listened on
 */
export function startGateway(options: GatewayOptions): Promise<Gateway> {
  return start(options, asOption);
}

/** @param nameOf how the caller writes an option, for messages */
export async function start(options: GatewayOptions, nameOf: (option: string) => string): Promise<Gateway> {
  const { config, server } = resolveOptions(options, nameOf);
  const serverOptions = resolveServerOptions(server);
  const { runtime = systemRuntime, logger = createStderrLogger(serverOptions.logLevel) } = options;
  const page = new PrometheusPage();
  const { meterProvider } = page;
  const meter = meterProvider.getMeter('optimizely-event-gateway');
  const metrics = new GatewayMetrics(meter);
  const engine = engineOf({ config, logger, meterProvider, countEvents: metrics.count, runtime });
  try {
    const projects = () => engine.projects();
    const doors = doorsOf(engine);
    const serving = await serve({
      options: serverOptions,
      doors,
      projects,
      whyFull: sender => engine.whyFull(sender),
      page,
      metrics,
      logger,
      runtime,
    });
    const gateway = new RunningGateway({
      options,
      nameOf,
      server,
      relay: config.relay,
      serving,
      engine,
      page,
      logger,
      doorsOf,
    });
    if (engine.stream !== undefined) observeStream(meter, () => engine.stream?.());
    logger.info(`listening on ${serving.url}`);
    return gateway;
  } catch (error) {
    await Promise.all([engine.close(), page.close()]);
    throw error;
  }
}

/** @throws ConfigError if an option of the relay can't be used, TypeError if one of a project can't */
function engineOf(options: EngineOptions): Engine {
  const { relay } = options.config;
  if (relay === undefined) return createEngine(options);
  try {
    return createRelayEngine({ ...options, relay });
  } catch (error) {
    if (error instanceof TypeError) throw new ConfigError(`relay: ${error.message}`);
    throw error;
  }
}

function doorsOf(engine: Engine) {
  const { otlp: intake, takesEvaluations: evaluations } = engine;
  return {
    traces: createOtlpDoor({ signal: 'traces', intake, evaluations }),
    logs: createOtlpDoor({ signal: 'logs', intake, evaluations }),
    events: createEventsDoor(engine.batches),
  };
}
