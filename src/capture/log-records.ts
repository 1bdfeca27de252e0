// SPDX-License-Identifier: Apache-2.0
import type { ExperimentEvent } from '../model/experiment-event.js';
import type {
  EmittedLogRecord,
  LeftLogRecords,
  LogRecordEmitter,
  LogRecordPort,
  OutgoingLogRecord,
} from '../model/log-record-port.js';
import type { PackageLogger } from '../model/logger.js';
import { OnceLog } from '../util/episode-log.js';
import { errorLabel } from '../util/error-label.js';
import type { LogRecordHarvest } from './log-record-harvest.js';

const INSTEAD = 'where there is a recording span, span events are added instead';

/** A span processor's side of the port. */
export class LogRecords implements LogRecordPort {
  emitter: LogRecordEmitter | undefined;
  left: LeftLogRecords | undefined;
  #harvest: LogRecordHarvest | undefined;
  readonly #logger: PackageLogger;
  readonly #said = new OnceLog();

  constructor(logger: PackageLogger) {
    this.#logger = logger;
  }

  /** @param harvest takes the records from now on */
  serve(harvest: LogRecordHarvest): void {
    this.#harvest = harvest;
    this.left = harvest.unread;
  }

  emit(record: OutgoingLogRecord): boolean {
    const { emitter } = this;
    try {
      if (emitter?.emit(record)) return true;
      this.#warn(
        emitter === undefined
          ? "emitAs 'log-record' and 'both' need an OptimizelyLogRecordProcessor, made with this span processor, among the " +
              `log record processors: ${INSTEAD}`
          : 'no logger takes the log records of experiment events: there is no global LoggerProvider, it was shut ' +
              `down, or it is configured not to: ${INSTEAD}`,
      );
    } catch (error) {
      this.#warn(`emitting a log record failed, ${errorLabel(error)}: ${INSTEAD}`);
    }
    return false;
  }

  expect(event: ExperimentEvent): void {
    this.#harvest?.expect(event);
  }

  takes(eventName: string | undefined): boolean {
    return eventName === undefined || this.#harvest?.takesName(eventName) === true;
  }

  take(record: EmittedLogRecord): void {
    this.#harvest?.take(record);
  }

  #warn(line: string): void {
    if (this.#said.first(line)) this.#logger.alert('OPTIMIZELY_BAD_OPTION', 'warn', line);
  }
}
