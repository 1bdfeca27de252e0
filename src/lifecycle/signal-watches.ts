// SPDX-License-Identifier: Apache-2.0

import type { PackageLogger } from '../model/logger.js';
import { sharedState } from '../util/shared-state.js';
import { type EndingTarget, ProcessEnding } from './process-ending.js';

/** Anything with a `shutdown()`: the NodeSDK, a provider, one processor. */
export interface ShutdownTarget {
  /** Called once, when the process ends. */
  shutdown(): Promise<unknown>;
}

/** What was asked for with a target. */
export interface Watched {
  readonly logger: PackageLogger;
  /** Milliseconds; undefined if the default will do. */
  readonly drainTimeoutMillis: number | undefined;
}

interface SignalWatch {
  readonly targets: Map<ShutdownTarget, Watched>;
  readonly listener: () => void;
}

interface Watches {
  readonly signals: Map<NodeJS.Signals, SignalWatch>;
  ending: ProcessEnding | undefined;
}

/** Shared by all copies of this package in the process: one must not take another's listener for the host's. */
const WATCHES = Symbol.for('opentelemetry-exporter-optimizely.signals.v2');

const watches = sharedState(WATCHES, (): Watches => ({ signals: new Map(), ending: undefined }));

/** @returns a function that undoes it */
export function watch(signal: NodeJS.Signals, target: ShutdownTarget, watched: Watched): () => void {
  const { signals } = watches();
  let entry = signals.get(signal);
  if (entry === undefined) {
    entry = { targets: new Map(), listener: () => signaled(signal) };
    signals.set(signal, entry);
  }
  const { targets, listener } = entry;
  targets.set(target, watched);
  // First in line: a host's listener set with once() is gone when the next one is called, and must be counted. Ours is
  // gone where the host calls process.removeAllListeners().
  if (!process.listeners(signal).includes(listener)) process.prependListener(signal, listener);
  return () => {
    targets.delete(target);
    if (targets.size === 0 && signals.get(signal) === entry) {
      signals.delete(signal);
      process.off(signal, listener);
    }
  };
}

function signaled(signal: NodeJS.Signals): void {
  const shared = watches();
  const hostListens = process.listenerCount(signal) > 1 + signalExitListeners();
  if (shared.ending !== undefined) {
    // Without us, a host that listens to a first signal only would be ended by the second.
    if (!hostListens) shared.ending.endNow(signal);
    return;
  }
  const targets = [...(shared.signals.get(signal)?.targets ?? [])].map(toEndingTarget);
  shared.ending = new ProcessEnding(signal, targets, () => {
    stopWatching(shared);
    shared.ending = undefined;
  });
  if (hostListens) shared.ending.drain();
  else shared.ending.endNow(signal);
}

/** What comes now is for the host, or for the process to end by. */
function stopWatching({ signals }: Watches): void {
  for (const [signal, { listener }] of signals) process.off(signal, listener);
  signals.clear();
}

function toEndingTarget([target, watched]: [ShutdownTarget, Watched]): EndingTarget {
  return { target, ...watched };
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
