// SPDX-License-Identifier: Apache-2.0
import type { ApiCopiesCheck } from './check-api-copies.js';
import type { ExperimentEvent, ExperimentEventType } from './model/experiment-event.js';
import type { EventLedger } from './model/ledger.js';
import type { LogRecordPort } from './model/log-record-port.js';
import { type Logger, OnceLog } from './model/logger.js';
import type { EventSignal, InstalledProcessor, SpanAttributes } from './model/registry.js';
import type { InspectorNotes } from './notification/inspector-notes.js';
import type { ConfigSource } from './resolve/config-source.js';
import type { EventIntake } from './resolve/event-intake.js';
import type { EventScreen } from './screen/event-screen.js';

export interface ReceptionDependencies {
  readonly spanAttributes: SpanAttributes;
  readonly signal: EventSignal;
  readonly logs: LogRecordPort;
  readonly ledger: EventLedger;
  readonly apiCopies: ApiCopiesCheck;
  readonly config: ConfigSource;
  readonly intake: EventIntake;
  /** undefined: everything may go out as it is. */
  readonly screen: EventScreen | undefined;
  /** For the event inspector; undefined: events do not go to one. */
  readonly inspectorNotes: InspectorNotes | undefined;
  readonly logger: Logger;
  readonly onTaken: () => void;
}

/** Where a processor takes events in: what the registry, and so the record helpers, know of it. */
export class Reception implements InstalledProcessor {
  readonly spanAttributes: SpanAttributes;
  readonly signal: EventSignal;
  readonly logs: LogRecordPort;
  readonly #deps: ReceptionDependencies;
  readonly #said = new OnceLog();
  #closed = false;

  constructor(dependencies: ReceptionDependencies) {
    this.spanAttributes = dependencies.spanAttributes;
    this.signal = dependencies.signal;
    this.logs = dependencies.logs;
    this.#deps = dependencies;
  }

  redact(event: ExperimentEvent): ExperimentEvent {
    return this.#deps.screen?.redact(event) ?? event;
  }

  offer(event: ExperimentEvent, span?: object): boolean {
    const { ledger, screen, intake, config, inspectorNotes } = this.#deps;
    if (span !== undefined) inspectorNotes?.note(event.uuid, span);
    this.#deps.apiCopies.eventRecorded();
    ledger.recorded(1);
    if (this.#closed) {
      ledger.dropped('already_shutdown', [event.uuid]);
      return false;
    }
    const screened = screen === undefined ? event : screen.pass(event);
    if ('dropped' in screened) {
      ledger.dropped(screened.dropped, [event.uuid]);
      return false;
    }
    const taken = intake.take(screened, config.current());
    if (taken) this.#deps.onTaken();
    else screen?.refused(screened);
    return taken;
  }

  refuse(type: ExperimentEventType, field: string): void {
    const { ledger, logger } = this.#deps;
    if (this.#said.first(`${type}.${field}`)) {
      logger.warn(`${type} refused: ${field} is missing or unusable`);
    }
    ledger.recorded(1);
    ledger.dropped('invalid', [], 1);
  }

  /** From now on events are counted and dropped. */
  close(): void {
    this.#closed = true;
  }
}
