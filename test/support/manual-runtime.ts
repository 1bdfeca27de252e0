// SPDX-License-Identifier: Apache-2.0

export { ManualRuntime } from 'opentelemetry-exporter-optimizely/testing';

/** Lets everything that is ready to run do so. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await new Promise(resolve => setImmediate(resolve));
}
