// SPDX-License-Identifier: Apache-2.0
import type { PackageLogger } from '../model/logger.js';
import { createSpanEventDispatcher } from '../optimizely-sdk/span-event-dispatcher.js';
import { OnceLog } from '../util/episode-log.js';
import { errorLabel } from '../util/error-label.js';
import { isObjectLike } from '../util/guard.js';
import { createForwarding } from './create-forwarding.js';
import { EventRoute } from './event-route.js';
import { hasOwnDispatcher } from './given-dispatcher.js';
import type { SdkClient, SdkExports } from './sdk-shapes.js';
import { switchedEventProcessor } from './switched-event-processor.js';

export interface ClientInstrumenterDependencies {
  readonly isEnabled: () => boolean;
  readonly replacesEventDispatcher: () => boolean;
  readonly logger: PackageLogger;
}

/** Puts the installed processors before the event processor of a client. */
export class ClientInstrumenter {
  readonly #deps: ClientInstrumenterDependencies;
  readonly #said = new OnceLog();

  constructor(dependencies: ClientInstrumenterDependencies) {
    this.#deps = dependencies;
  }

  /**
   * Never throws: a client that can't be instrumented works as it does without us.
   *
   * @param client what `createInstance` returned; version 5 returns null for options that it refuses
   */
  instrument(exports: SdkExports, client: unknown): void {
    try {
      if (this.#deps.isEnabled() && isObjectLike(client)) this.#instrument(exports, client);
    } catch (error) {
      if (this.#said.first('failed')) {
        this.#deps.logger.error(
          `a client of Optimizely's SDK can't be instrumented, its events go the SDK's own way: ${errorLabel(error)}`,
        );
      }
    }
  }

  #instrument(exports: SdkExports, client: SdkClient): void {
    const { isEnabled, replacesEventDispatcher, logger } = this.#deps;
    const own = client.eventProcessor;
    if (own && hasOwnDispatcher(own, exports) && !replacesEventDispatcher()) {
      if (this.#said.first('dispatcher')) {
        logger.warn(
          "a client of Optimizely's SDK has an event dispatcher of the application's, which keeps its events: set replaceEventDispatcher: true to have the OptimizelySpanProcessor take them",
        );
      }
      return;
    }
    const otherwise = own
      ? "go the SDK's own way"
      : 'are not sent, since createInstance() was given no eventProcessor';
    const route = new EventRoute({ isEnabled, otherwise, logger, said: this.#said });
    const ours = createForwarding(exports, client, createSpanEventDispatcher(route, { logger }));
    client.eventProcessor = switchedEventProcessor(own, ours, route);
  }
}
