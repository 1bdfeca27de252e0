// SPDX-License-Identifier: Apache-2.0
import type { Logger } from '../../model/logger.js';
import type { Runtime } from '../../model/runtime.js';
import { type OptionRow, object } from './option-table.js';

/** Rows that many classes share. */
export const LOGGER: OptionRow<Logger | undefined> = object(
  ['error', 'warn', 'info', 'debug'],
  '{ logger: console }',
);

export const RUNTIME: OptionRow<Runtime | undefined> = object(
  ['now', 'monotonic', 'random', 'uuid', 'setTimer'],
  '{ runtime: myRuntime }, which has the methods of the type Runtime',
);
