// SPDX-License-Identifier: Apache-2.0

const KEY = Symbol.for('opentelemetry-exporter-optimizely.store.v1');

/** Paths of the instance directories in use by this thread, by whatever copy of the package. */
export function liveInstances(): Set<string> {
  const global = globalThis as { [KEY]?: Set<string> };
  global[KEY] ??= new Set();
  return global[KEY];
}
