// SPDX-License-Identifier: Apache-2.0
import { UndiciEventDispatcher } from '../http/undici-event-dispatcher.js';
import type { Closing } from '../lifecycle/closing.js';
import type { Logger } from '../model/logger.js';
import type { OptimizelySpanProcessorOptions } from './processor-options.js';

/** Makes the dispatcher of a processor that was given none, which the processor has to close. */
export function ownDispatcher(
  { requestTimeoutMillis }: Pick<OptimizelySpanProcessorOptions, 'requestTimeoutMillis'>,
  logger: Logger,
  closing: Closing,
): UndiciEventDispatcher {
  const dispatcher = new UndiciEventDispatcher({ requestTimeoutMillis, logger });
  closing.add(() => dispatcher.close());
  return dispatcher;
}
