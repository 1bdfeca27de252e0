// SPDX-License-Identifier: Apache-2.0
import type { MeterProvider } from '@opentelemetry/api';
import type { EventDispatcher, Logger } from 'opentelemetry-exporter-optimizely';
import { ProjectsBatchIntake } from './intake/batch-intake.js';
import { ProjectsMessageIntake } from './intake/message-intake.js';
import { ProjectsOtlpIntake } from './intake/otlp-intake.js';
import { RefusedEvents } from './intake/refused-events.js';
import { UnknownProjects } from './intake/unknown-projects.js';
import type { Engine, EventCounter } from './model/engine.js';
import type { GatewayConfig } from './model/gateway-config.js';
import type { MessageIntake } from './model/intake.js';
import type { Runtime } from './model/runtime.js';
import { labelledMeterProvider } from './projects/labelled-meter-provider.js';
import { prefixedLogger } from './projects/prefixed-logger.js';
import { Projects } from './projects/projects.js';
import { RefusalLog } from './util/refusal-log.js';
import { systemRuntime } from './util/system-runtime.js';

/** The attribute that tells the projects of the exporter's own metrics apart. */
const PROJECT = 'optimizely.project';

export interface EngineOptions {
  readonly config: GatewayConfig;
  readonly logger: Logger;
  /** For the exporter's own metrics. @default none */
  readonly meterProvider?: MeterProvider | undefined;
  /** Hears of events when their receipt is given. @default none */
  readonly countEvents?: EventCounter | undefined;
  /** Where batches go. @default Optimizely, over HTTP */
  readonly eventDispatcher?: EventDispatcher | undefined;
  /** Where batches come from a stream: how old their events may be, milliseconds. */
  readonly maxStreamAgeMillis?: number | undefined;
  /** @default the system's */
  readonly runtime?: Runtime | undefined;
}

/**
 * Puts together everything behind the doors.
 *
 * @throws TypeError if an option of a project can't be used
 */
export function createEngine(options: EngineOptions): Engine & { readonly messages: MessageIntake } {
  const {
    config,
    logger,
    meterProvider,
    eventDispatcher,
    maxStreamAgeMillis,
    countEvents: listener = () => {},
    runtime = systemRuntime,
  } = options;
  const unknown = new UnknownProjects(logger);
  const countEvents: EventCounter = count => listener(unknown.withKnownName(count));
  const projects = new Projects(name => ({
    logger: prefixedLogger(logger, `project ${name}`),
    meterProvider: meterProvider && labelledMeterProvider(meterProvider, { [PROJECT]: name }),
    eventDispatcher,
    runtime,
  }));
  let isDraining = false;
  let closed: Promise<void> | undefined;
  const dependencies = {
    projects,
    runtime,
    countEvents,
    refusedEvents: new RefusedEvents(new RefusalLog(logger, runtime)),
    isDraining: () => isDraining,
    maxStreamAgeMillis,
  };
  void projects.configure(config);

  const drain = () => {
    if (isDraining) return;
    isDraining = true;
    for (const project of projects.all()) void project.flush();
  };
  const close = async () => {
    drain();
    await projects.end();
  };
  return {
    otlp: new ProjectsOtlpIntake(dependencies),
    batches: new ProjectsBatchIntake(dependencies),
    messages: new ProjectsMessageIntake(dependencies),
    get takesEvaluations() {
      return projects.all().some(project => project.config.evaluationEvents === true);
    },
    whyFull: sender => projects.whyFull(sender),
    projects: () => projects.all().map(project => project.state()),
    async reload(next) {
      if (!isDraining) await projects.configure(next);
    },
    prepare: next => projects.prepare(next),
    drain,
    close() {
      closed ??= close();
      return closed;
    },
  };
}
