// SPDX-License-Identifier: Apache-2.0
import type { ExperimentEvent, ExperimentEventType } from '../model/experiment-event.js';
import { addOffered, type StoredSpanEvent, wasOffered } from '../model/hand-over-mark.js';
import { errorLabel, type Logger, OnceLog } from '../model/logger.js';
import type { InstalledProcessor } from '../model/registry.js';
import { EVENT_FEATURE_FLAG_EVALUATION } from '../model/semantic-conventions.js';
import type { EvaluationEvents } from './evaluation-events.js';
import { attributeOf, experimentEventType, readSpanEvent } from './read-span-event.js';

export type CheckRawInput = (
  type: ExperimentEventType,
  input: Readonly<Record<string, unknown>>,
) => ExperimentEvent | { readonly unusable: string };

/** Takes from ended spans the experiment events that nobody handed over when they were recorded. */
export class SpanEventHarvest {
  readonly #processor: InstalledProcessor;
  readonly #logger: Logger;
  readonly #check: CheckRawInput;
  readonly #evaluations: EvaluationEvents | undefined;
  readonly #said = new OnceLog();

  /** @param evaluations what to do with flag evaluations; undefined: nothing */
  constructor(
    processor: InstalledProcessor,
    logger: Logger,
    check: CheckRawInput,
    evaluations?: EvaluationEvents,
  ) {
    this.#processor = processor;
    this.#logger = logger;
    this.#check = check;
    this.#evaluations = evaluations;
  }

  /** Never throws: a throwing `onEnd` makes the application's `span.end()` throw. */
  take(span: { readonly events: readonly StoredSpanEvent[] }): void {
    try {
      if (span.events.length === 0) return;
      for (const event of span.events) this.#look(event, span);
    } catch (error) {
      this.#failed(error);
    }
  }

  /** A broken event costs none of those behind it. */
  #look(event: StoredSpanEvent, span: object): void {
    try {
      const type = experimentEventType(event.name);
      if (type !== undefined) this.#takeEvent(type, event, span);
      else if (event.name === EVENT_FEATURE_FLAG_EVALUATION) this.#takeEvaluation(event, span);
    } catch (error) {
      this.#failed(error);
    }
  }

  #failed(error: unknown): void {
    if (this.#said.first('unexpected'))
      this.#logger.error(`reading span events failed: ${errorLabel(error)}`);
  }

  #takeEvaluation(event: StoredSpanEvent, span: object): void {
    if (this.#evaluations !== undefined && this.#claim(event, span)) this.#evaluations.take(event, span);
  }

  #takeEvent(type: ExperimentEventType, event: StoredSpanEvent, span: object): void {
    if (!this.#claim(event, span)) return;
    const raw = readSpanEvent(type, event);
    const checked = 'unusable' in raw ? raw : this.#check(type, raw.input);
    if ('unusable' in checked) this.#processor.refuse(type, attributeOf(type, checked.unusable));
    else this.#processor.offer(checked, span);
  }

  /** false: it was offered before. */
  #claim(event: StoredSpanEvent, span: object): boolean {
    if (wasOffered(event, this.#processor)) return false;
    addOffered(event, this.#processor);
    if (cutsStrings(span) && this.#said.first('limit')) {
      this.#logger.warn(
        'experiment events added with span.addEvent are unsafe under an attributeValueLengthLimit: a cut user id is ' +
          'another visitor; record them with recordImpression and recordConversion',
      );
    }
    return true;
  }
}

/** The SDK keeps its limits to itself; where it keeps them elsewhere one day, only the warning is lost. */
function cutsStrings(span: object): boolean {
  const limit = (span as { _spanLimits?: { attributeValueLengthLimit?: unknown } })._spanLimits
    ?.attributeValueLengthLimit;
  return typeof limit === 'number' && limit > 0 && limit < Number.POSITIVE_INFINITY;
}
