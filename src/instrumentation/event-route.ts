// SPDX-License-Identifier: Apache-2.0
import type { Span } from '@opentelemetry/api';
import type { ExperimentEvent } from '../model/experiment-event.js';
import type { PackageLogger } from '../model/logger.js';
import type { SerializedEvent } from '../model/serialized-event.js';
import type { ResolvedEventProcessor } from '../optimizely-sdk/span-event-dispatcher.js';
import { projectReceivers } from '../record/project-receivers.js';
import { recordResolvedFor } from '../record/record.js';
import type { OnceLog } from '../util/episode-log.js';
import { errorLabel } from '../util/error-label.js';
import type { SdkUserEvent } from './sdk-shapes.js';

export interface EventRouteDependencies {
  readonly isEnabled: () => boolean;
  /** Where an event goes that no processor takes, for the log. */
  readonly otherwise: string;
  readonly logger: PackageLogger;
  /** Shared by all clients. */
  readonly said: OnceLog;
}

/** The installed processors, as one that takes the events of a client. */
export class EventRoute implements ResolvedEventProcessor {
  readonly #deps: EventRouteDependencies;
  readonly #projects = new Set<unknown>();

  constructor(dependencies: EventRouteDependencies) {
    this.#deps = dependencies;
  }

  /** Whether an installed processor takes the event. If not, the event is the SDK's. Never throws. */
  takes(event: SdkUserEvent): boolean {
    const { isEnabled, otherwise, logger, said } = this.#deps;
    try {
      if (!isEnabled()) return false;
      const projectId = event.context?.projectId;
      if (projectReceivers(projectId).length > 0) {
        this.#projects.add(projectId);
        return true;
      }
      if (said.first(`project ${projectId}`)) {
        logger.alert(
          'OPTIMIZELY_NO_PROCESSOR',
          'warn',
          `no OptimizelySpanProcessor for project ${projectId} is installed: events of Optimizely's SDK ${otherwise}`,
        );
      }
    } catch (error) {
      try {
        if (said.first('route'))
          logger.error(`events of Optimizely's SDK ${otherwise}: ${errorLabel(error)}`);
      } catch {
        // At the end of the stack nothing can be said.
      }
    }
    return false;
  }

  process(event: SerializedEvent, shown?: ExperimentEvent, span?: Span | null): boolean {
    const receivers = projectReceivers(event.context.projectId, span);
    const take = () => {
      let isTaken = false;
      for (const processor of receivers) isTaken = processor.process(event, shown) || isTaken;
      return isTaken;
    };
    return shown === undefined || span === null ? take() : recordResolvedFor(receivers, shown, take, span);
  }

  /** Flushes the processors of the projects whose events were taken. Never rejects. */
  async flush(): Promise<void> {
    const receivers = [...this.#projects].flatMap(projectId => projectReceivers(projectId, null));
    await Promise.allSettled([...new Set(receivers)].map(processor => processor.forceFlush?.()));
  }
}
