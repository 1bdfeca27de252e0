// SPDX-License-Identifier: Apache-2.0

import { FILE_DATAFILE_CACHE } from '../../src/datafile/file-datafile-cache.js';
import { POLLING_PROJECT_CONFIG_MANAGER } from '../../src/datafile/polling-project-config-manager.js';
import { STATIC_PROJECT_CONFIG_MANAGER } from '../../src/datafile/static-project-config-manager.js';
import { EVENT_FACTORY } from '../../src/export/event-factory.js';
import { EXPORTER } from '../../src/export/exporter-options.js';
import { UNDICI_EVENT_DISPATCHER } from '../../src/http/undici-event-dispatcher.js';
import { OPTIMIZELY_INSTRUMENTATION } from '../../src/instrumentation/instrumentation-config.js';
import { SHUTDOWN_ON_SIGNALS } from '../../src/lifecycle/shutdown-on-signals.js';
import { LOG_RECORD_PROCESSOR } from '../../src/logs/optimizely-log-record-processor.js';
import { NOTIFICATION_CENTER } from '../../src/notification/notification-center.js';
import { OPTIMIZELY_HOOK } from '../../src/openfeature/optimizely-hook.js';
import { TRACK_CONVERSION } from '../../src/openfeature/track-conversion.js';
import { WITH_CONVERSIONS } from '../../src/openfeature/with-conversions.js';
import { SPAN_EVENT_DISPATCHER } from '../../src/optimizely-sdk/span-event-dispatcher.js';
import { BATCH_EVENT_PROCESSOR } from '../../src/processor/batch-event-processor.js';
import { SPAN_PROCESSOR } from '../../src/processor/processor-option-tables.js';
import { USER_EVENT_FACTORY } from '../../src/serialize/user-event-factory.js';
import { FILE_EVENT_STORE } from '../../src/store/store-options.js';
import { IN_MEMORY_EVENT_DISPATCHER } from '../../src/testing/in-memory-event-dispatcher.js';
import { LOCAL_EVENTS_ENDPOINT } from '../../src/testing/local-events-endpoint.js';
import type { AnyOptionTable, OptionRow, OptionsOwner } from '../../src/util/options/option-table.js';

/** Everything that takes options. */
export const OPTIONS_OWNERS: readonly OptionsOwner[] = [
  SPAN_PROCESSOR,
  BATCH_EVENT_PROCESSOR,
  EXPORTER,
  EVENT_FACTORY,
  UNDICI_EVENT_DISPATCHER,
  POLLING_PROJECT_CONFIG_MANAGER,
  STATIC_PROJECT_CONFIG_MANAGER,
  FILE_EVENT_STORE,
  FILE_DATAFILE_CACHE,
  NOTIFICATION_CENTER,
  USER_EVENT_FACTORY,
  LOG_RECORD_PROCESSOR,
  SPAN_EVENT_DISPATCHER,
  OPTIMIZELY_INSTRUMENTATION,
  OPTIMIZELY_HOOK,
  WITH_CONVERSIONS,
  TRACK_CONVERSION,
  SHUTDOWN_ON_SIGNALS,
  IN_MEMORY_EVENT_DISPATCHER,
  LOCAL_EVENTS_ENDPOINT,
];

/** A row of a table by its full name, as docs/options.md has it. */
export function rowsOf(table: AnyOptionTable, prefix = ''): [string, OptionRow][] {
  return Object.entries(table).flatMap(([name, row]): [string, OptionRow][] => [
    [prefix + name, row],
    ...rowsOf(row.members ?? {}, `${prefix}${name}.`),
  ]);
}
