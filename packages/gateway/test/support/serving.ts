// SPDX-License-Identifier: Apache-2.0
import { ManualRuntime } from 'opentelemetry-exporter-optimizely/testing';
import { RecordingLogger } from '../../../../test/support/fakes.js';
import type { ProjectState } from '../../src/model/engine.js';
import type { FullReason } from '../../src/model/receipt.js';
import type { ServerOptions } from '../../src/model/server-options.js';
import { GatewayMetrics } from '../../src/server/gateway-metrics.js';
import { PrometheusPage } from '../../src/server/prometheus-page.js';
import { type Serving, serve } from '../../src/server/serve.js';
import { resolveServerOptions } from '../../src/server/server-options.js';
import { FakeDoor } from './fake-door.js';

export const READY: ProjectState = {
  name: 'shop',
  revision: '7',
  datafileAgeMillis: 1_500,
  outstandingEvents: 3,
  outstandingBytes: 900,
  ledger: {
    recorded: 0,
    recovered: 0,
    delivered: 0,
    streamed: 0,
    stored: 0,
    pending: 0,
    dropped: {},
    warnings: {},
  },
};

interface ServingState {
  projects: readonly ProjectState[];
  whyFull: (sender: string) => FullReason | undefined;
}

const running = new Map<Serving, ManualRuntime>();

/** The server alone, with doors and projects of the test, on any free port. */
export async function startServing(options: ServerOptions = {}, projects: readonly ProjectState[] = [READY]) {
  const doors = { traces: new FakeDoor(), logs: new FakeDoor(), events: new FakeDoor() };
  const logger = new RecordingLogger();
  const runtime = new ManualRuntime();
  const page = new PrometheusPage();
  const metrics = new GatewayMetrics(page.meterProvider.getMeter('optimizely-event-gateway'));
  const state: ServingState = { projects, whyFull: () => undefined };
  const serving = await serve({
    options: resolveServerOptions({ port: 0, ...options }),
    doors,
    projects: () => state.projects,
    whyFull: sender => state.whyFull(sender),
    page,
    metrics,
    logger,
    runtime,
  });
  running.set(serving, runtime);
  return { serving, url: serving.url, port: serving.address.port, doors, logger, runtime, metrics, state };
}

/** Ends what the tests of a file started. */
export async function closeServings(): Promise<void> {
  const closing = [...running].map(async ([serving, runtime]) => {
    const closed = serving.close();
    // What is still waiting for its sender waits no longer.
    await runtime.advance(60_000);
    await closed;
  });
  running.clear();
  await Promise.all(closing);
}
