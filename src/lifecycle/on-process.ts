// SPDX-License-Identifier: Apache-2.0
import { sharedState } from '../util/shared-state.js';

type ProcessEvent = 'beforeExit' | 'exit';

interface SharedListener {
  readonly callbacks: Set<() => void>;
  readonly listener: () => void;
}

/** Shared by all copies of this package in the process. */
const LISTENERS = Symbol.for('opentelemetry-exporter-optimizely.process-listeners.v1');

/**
 * Calls back at an event of the process. However many wait for it, the process has one listener, since from the 11th
 * on Node warns of a leak.
 *
 * @returns a function that undoes it
 */
export function onProcess(event: ProcessEvent, callback: () => void): () => void {
  const { callbacks, listener } = sharedListener(event);
  callbacks.add(callback);
  attempt(() => {
    // It is gone where the host calls process.removeAllListeners().
    if (!process.listeners(event as 'exit').includes(listener)) process.on(event, listener);
  });
  return () => {
    callbacks.delete(callback);
    if (callbacks.size === 0) attempt(() => process.off(event, listener));
  };
}

const listeners = sharedState(LISTENERS, () => new Map<ProcessEvent, SharedListener>());

function sharedListener(event: ProcessEvent): SharedListener {
  let shared = listeners().get(event);
  if (shared === undefined) {
    const callbacks = new Set<() => void>();
    shared = { callbacks, listener: () => callEach(callbacks) };
    listeners().set(event, shared);
  }
  return shared;
}

function callEach(callbacks: Set<() => void>): void {
  // One may be of another version, and is no reason to keep the others from being called.
  for (const callback of [...callbacks]) attempt(callback);
}

/** Some hosts have a process object of their own making, with less in it. */
function attempt(work: () => void): void {
  try {
    work();
  } catch {
    // Nothing is heard of the event then.
  }
}
