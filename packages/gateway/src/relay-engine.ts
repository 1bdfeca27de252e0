// SPDX-License-Identifier: Apache-2.0
import { createDeliveringEngine } from './delivering-engine.js';
import type { EngineOptions } from './engine.js';
import { LinkLog } from './jetstream/link-log.js';
import type { Engine, PreparedConfig, ProjectState } from './model/engine.js';
import type { GatewayConfig } from './model/gateway-config.js';
import type { Receipt } from './model/receipt.js';
import type { RelayOptions } from './model/relay-options.js';
import { prefixedLogger } from './projects/prefixed-logger.js';
import { createReceivingEngine } from './receiving-engine.js';
import { noteWithoutEffect } from './relay-projects.js';

export interface RelayEngineOptions extends Omit<EngineOptions, 'eventDispatcher'> {
  readonly relay: RelayOptions;
}

/**
 * Puts an engine together whose doors fill a stream, or one that delivers from a stream, or both: two engines then, of
 * which one never knows of the other.
 *
 * @throws TypeError if an option can't be used
 */
export function createRelayEngine({ relay, ...options }: RelayEngineOptions): Engine {
  const { role = 'both' } = relay;
  const said = new Set<string>();
  noteWithoutEffect(options.config, role, options.logger, said);
  // Both have a connection of their own to the same servers.
  const log = new LinkLog(prefixedLogger(options.logger, 'stream'));
  const receiving = role === 'deliver' ? undefined : createReceivingEngine(relay, options, log);
  const delivering =
    role === 'receive'
      ? undefined
      : endingIfItFails(receiving, () => createDeliveringEngine(relay, options, log));
  const engines = [receiving, delivering].filter(engine => engine !== undefined);
  let isDraining = false;
  const prepare = (config: GatewayConfig) => prepareAll(engines, config);
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
    whyFull: sender => receiving?.whyFull(sender),
    projects: () => [
      ...(receiving?.projects() ?? []),
      ...(delivering?.projects() ?? []).map(state => (receiving === undefined ? state : asDelivering(state))),
    ],
    stream: () => delivering?.stream?.(),
    async reload(config) {
      if (isDraining) return;
      const prepared = prepare(config);
      noteWithoutEffect(config, role, options.logger, said);
      await prepared.takeOver();
    },
    prepare,
    drain() {
      isDraining = true;
      for (const engine of engines) engine.drain();
    },
    async close() {
      // Side by side: neither takes anything from the other any more, and each may need all of its time.
      await Promise.all(engines.map(engine => engine.close()));
    },
  };
}

/** All of them take a configuration over, or none does. @throws TypeError if an option can't be used */
function prepareAll(engines: readonly Engine[], config: GatewayConfig): PreparedConfig {
  const prepared: PreparedConfig[] = [];
  const discard = () => {
    for (const one of prepared) one.discard();
  };
  try {
    for (const engine of engines) prepared.push(engine.prepare(config));
  } catch (error) {
    discard();
    throw error;
  }
  return {
    takeOver: () => Promise.all(prepared.map(one => one.takeOver())).then(() => {}),
    discard,
  };
}

/** @param made before, and ended if the other one can't be */
function endingIfItFails(made: Engine | undefined, make: () => Engine): Engine {
  try {
    return make();
  } catch (error) {
    void made?.close();
    throw error;
  }
}

function asDelivering(state: ProjectState): ProjectState {
  return { ...state, name: `${state.name}/deliver` };
}
