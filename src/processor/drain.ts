// SPDX-License-Identifier: Apache-2.0
import type { ConfigSource } from '../datafile/config-source.js';
import type { DatafileWait } from '../datafile/datafile-wait.js';
import type { Closing } from '../lifecycle/closing.js';
import type { EventIntake } from '../serialize/event-intake.js';
import type { Foundation } from './foundation.js';
import type { Pipeline } from './pipeline.js';

export interface DrainDependencies extends Pick<Foundation, 'runtime' | 'limits'> {
  readonly pipeline: Pipeline;
  readonly intake: EventIntake;
  readonly config: ConfigSource;
  readonly wait: DatafileWait;
  readonly closing: Closing;
}

/** Gets out what a processor has, within `timeoutIntervalMillis`: at a flush, and at its end. */
export class Drain {
  readonly #deps: DrainDependencies;

  constructor(dependencies: DrainDependencies) {
    this.#deps = dependencies;
  }

  /** What is left stays pending. */
  async flush(): Promise<void> {
    await this.#deps.pipeline.batcher.forceFlush(await this.#datafileWithinTime());
  }

  /** What is left is counted as lost, but for what the event store has; then all is closed that was opened. */
  async end(): Promise<void> {
    const { pipeline, intake, closing, runtime, limits } = this.#deps;
    const startedAt = runtime.monotonic();
    const remainingMillis = await this.#datafileWithinTime();
    const stopped = pipeline.batcher.stop(remainingMillis);
    intake.dropWaiting();
    await stopped;
    pipeline.end();
    await closing.run(runtime, limits.timeoutIntervalMillis - (runtime.monotonic() - startedAt));
  }

  /** Waits for a datafile if events need one. @returns what is left of `timeoutIntervalMillis`, milliseconds */
  async #datafileWithinTime(): Promise<number> {
    const { pipeline, intake, config, wait, limits } = this.#deps;
    const { timeoutIntervalMillis } = limits;
    if (intake.waitingCount === 0) return timeoutIntervalMillis;
    // What needs none uses the time: events that were handed over resolved, or that failed before.
    const controller = new AbortController();
    pipeline.sendQueued(controller.signal);
    const left = await wait.within(timeoutIntervalMillis);
    controller.abort();
    // It may have come where the stack ended, before all of them were resolved.
    if (config.inForce !== undefined) intake.resolveWaiting(config.inForce);
    return left;
  }
}
