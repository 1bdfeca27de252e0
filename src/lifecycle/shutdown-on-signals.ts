// SPDX-License-Identifier: Apache-2.0
import { constants } from 'node:os';
import { errorLabel, guardLogger, type Logger } from '../model/logger.js';

/** At which signals to shut down. */
export interface ShutdownOnSignalsOptions {
  /** @default ['SIGTERM', 'SIGINT'] */
  signals?: readonly NodeJS.Signals[] | undefined;
  /** @default the console's error stream */
  logger?: Logger | undefined;
}

/** Anything with a `shutdown()`: the NodeSDK, a provider, one processor. */
export interface ShutdownTarget {
  /** Called once, at the first of the signals. */
  shutdown(): Promise<unknown>;
}

interface SignalWatch {
  readonly targets: Map<ShutdownTarget, Logger>;
  listener: () => void;
}

/** Shared by all copies of this package in the process: one must not take another's listener for the host's. */
const WATCHES = Symbol.for('opentelemetry-exporter-optimizely.signals.v1');

/** After re-raising a signal the process is gone, unless nothing handles it for pid 1. */
const STILL_ALIVE_MILLIS = 100;

/**
 * Shuts down when a signal asks the process to end, then lets the process end as it would have. Where the host has
 * listeners of its own for the signal, ending is left to them; else the signal is raised again, and a process that is
 * still alive (pid 1 of a container) exits with 128 + the signal's number. In a worker thread, where no signal
 * arrives, it does nothing but say so.
 *
 * @returns undoes it
 * @throws TypeError a target without `shutdown()`, or signals that can't be caught
 */
export function shutdownOnSignals(
  target: ShutdownTarget,
  { signals = ['SIGTERM', 'SIGINT'], logger: given = stderrLogger }: ShutdownOnSignalsOptions = {},
): () => void {
  const logger = guardLogger(given);
  if (typeof target?.shutdown !== 'function') {
    throw new TypeError('shutdownOnSignals needs something to shut down: shutdownOnSignals(sdk)');
  }
  if (!Array.isArray(signals) || !signals.every(canBeCaught)) {
    throw new TypeError("signals must be a list of signals that can be caught: { signals: ['SIGTERM'] }");
  }
  if (!process.getBuiltinModule('node:worker_threads').isMainThread) {
    logger.warn('shutdownOnSignals does nothing in a worker thread: signals reach the main thread only');
    return () => {};
  }
  const removals = signals.map(signal => watch(signal, target, logger));
  return () => {
    for (const remove of removals) remove();
  };
}

/** A signal that this platform does not have, SIGBREAK say, never comes: a list may serve several platforms. */
function canBeCaught(signal: unknown): boolean {
  return typeof signal === 'string' && /^SIG(?!KILL$|STOP$)/.test(signal);
}

function watches(): Map<NodeJS.Signals, SignalWatch> {
  const holder = globalThis as { [WATCHES]?: Map<NodeJS.Signals, SignalWatch> };
  holder[WATCHES] ??= new Map();
  return holder[WATCHES];
}

function watch(signal: NodeJS.Signals, target: ShutdownTarget, logger: Logger): () => void {
  const known = watches();
  let entry = known.get(signal);
  if (entry === undefined) {
    const created: SignalWatch = { targets: new Map(), listener: () => {} };
    let ending = false;
    created.listener = () => {
      // A second signal of an impatient supervisor; shutting down is bounded already.
      if (ending) return;
      ending = true;
      void end(signal, created);
    };
    // First in line: a host's listener set with once() is gone when the next one is called, and must be counted.
    process.prependListener(signal, created.listener);
    known.set(signal, created);
    entry = created;
  }
  const { targets, listener } = entry;
  targets.set(target, logger);
  return () => {
    targets.delete(target);
    if (targets.size === 0 && known.get(signal)?.listener === listener) {
      known.delete(signal);
      process.off(signal, listener);
    }
  };
}

async function end(signal: NodeJS.Signals, { targets, listener }: SignalWatch): Promise<void> {
  const hostListens = process.listenerCount(signal) > 1 + signalExitListeners();
  await Promise.all(
    [...targets].map(async ([target, logger]) => {
      try {
        await target.shutdown();
      } catch (error) {
        logger.error(`shutdown at ${signal} failed: ${errorLabel(error)}`);
      }
    }),
  );
  if (hostListens) return;
  watches().delete(signal);
  process.off(signal, listener);
  process.kill(process.pid, signal);
  setTimeout(() => process.exit(128 + (constants.signals[signal] ?? 0)), STILL_ALIVE_MILLIS);
}

/**
 * The package signal-exit, which many tools bring along, listens to every signal only to look on: it leaves ending the
 * process to other listeners. If we left it to signal-exit in turn, the process would stay up for ever.
 */
function signalExitListeners(): number {
  const emitters = [
    (globalThis as Record<symbol, unknown>)[Symbol.for('signal-exit emitter')],
    (process as unknown as Record<string, unknown>).__signal_exit_emitter__,
  ] as ({ count?: unknown } | undefined)[];
  return emitters.reduce((sum, emitter) => sum + (typeof emitter?.count === 'number' ? emitter.count : 0), 0);
}

const toStderr = (message: string) => void process.stderr.write(`${message}\n`);
const stderrLogger: Logger = { error: toStderr, warn: toStderr, info: toStderr, debug: () => {} };
