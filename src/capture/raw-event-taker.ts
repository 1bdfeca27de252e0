// SPDX-License-Identifier: Apache-2.0
import type { ExperimentEvent, ExperimentEventType } from '../model/experiment-event.js';
import type { InstalledProcessor } from '../model/installed-processor.js';
import type { Logger } from '../model/logger.js';
import { EVENT_FEATURE_FLAG_EVALUATION } from '../model/semantic-conventions.js';
import { OnceLog } from '../util/episode-log.js';
import { errorLabel } from '../util/error-label.js';
import { experimentEventType } from '../util/event-names.js';
import type { StoredSpanEvent } from '../util/hand-over-mark.js';
import { type Unusable, unusable } from '../util/unusable-field.js';
import { cutsStrings } from './cuts-strings.js';
import type { EvaluationEvents } from './evaluation-events.js';
import { KnownEvents } from './known-events.js';
import type { EventOrigin } from './raw-event.js';
import { attributeOf, type RawExperimentEvent, withUuid } from './read-span-event.js';

export type CheckRawInput = (
  type: ExperimentEventType,
  input: Readonly<Record<string, unknown>>,
) => ExperimentEvent | Unusable;

export interface RawEventTakerDependencies {
  readonly processor: InstalledProcessor;
  /** Tells whether an event was counted, whatever else has become of it. */
  readonly ledger: { readonly recordedCount: number };
  readonly logger: Logger;
  readonly check: CheckRawInput;
  /** What to do with flag evaluations; undefined to ignore them. */
  readonly evaluations: EvaluationEvents | undefined;
}

const UNSAFE_UNDER_LIMIT =
  'experiment events that are not recorded with recordImpression and recordConversion are unsafe under an ' +
  'attributeValueLengthLimit: a cut user id is another visitor';

/** Hands raw events over, wherever they were read: what the harvests of spans and of log records share. */
export class RawEventTaker {
  readonly processor: InstalledProcessor;
  readonly ledger: RawEventTakerDependencies['ledger'];
  readonly evaluations: EvaluationEvents | undefined;
  readonly #logger: Logger;
  readonly #check: CheckRawInput;
  readonly #said = new OnceLog();
  #known: KnownEvents | undefined;

  constructor({ processor, ledger, logger, check, evaluations }: RawEventTakerDependencies) {
    this.processor = processor;
    this.ledger = ledger;
    this.evaluations = evaluations;
    this.#logger = logger;
    this.#check = check;
  }

  /** There once a log record came by. */
  get known(): KnownEvents | undefined {
    return this.#known;
  }

  get knownOfRecords(): KnownEvents {
    this.#known ??= new KnownEvents();
    return this.#known;
  }

  /** Whether events of this name are looked at. */
  takesName(name: string): boolean {
    return experimentEventType(name) !== undefined || this.isEvaluation(name);
  }

  isEvaluation(name: string | undefined): boolean {
    return this.evaluations !== undefined && name === EVENT_FEATURE_FLAG_EVALUATION;
  }

  /**
   * @param source the span or log record, by whose limits strings were cut
   * @returns the event, or undefined if it is refused
   */
  take(
    raw: RawExperimentEvent,
    event: StoredSpanEvent,
    origin: EventOrigin | undefined,
    source: object,
  ): ExperimentEvent | undefined {
    const { type } = raw;
    if (cutsStrings(source)) this.sayOnce('limit', UNSAFE_UNDER_LIMIT);
    const checked =
      raw.unusable === undefined ? this.#check(type, withUuid(raw, event, origin)) : unusable(raw.unusable);
    if (checked.type === 'unusable') {
      this.processor.refuse(type, attributeOf(type, checked.unusable));
      return undefined;
    }
    this.processor.offer(checked);
    return checked;
  }

  sayOnce(kind: string, line: string): void {
    if (this.#said.first(kind)) this.#logger.warn(line);
  }

  /** Never throws. */
  failed(error: unknown): void {
    try {
      if (this.#said.first('unexpected'))
        this.#logger.error(`reading experiment events failed: ${errorLabel(error)}`);
    } catch {
      // At the end of the stack nothing can be said.
    }
  }
}
