// SPDX-License-Identifier: Apache-2.0
import type { ExperimentEvent, ExperimentImpression } from '../model/experiment-event.js';
import { AMBIGUOUS_EVALUATION, type InferredRule } from '../model/inferred-rule.js';
import type { InstalledProcessor } from '../model/installed-processor.js';
import type { EventLedger } from '../model/ledger.js';
import type { Logger } from '../model/logger.js';
import type { Runtime } from '../model/runtime.js';
import { OnceLog } from '../util/episode-log.js';
import { ImpressionDedupe } from '../util/impression-dedupe.js';
import type { RecentKeysOptions } from '../util/recent-keys.js';
import type { Unusable } from '../util/unusable-field.js';
import type { EventOrigin, RawEvent } from './raw-event.js';
import { namesRule, readEvaluationEvent } from './read-evaluation-event.js';
import { attributeOf, withUuid } from './read-span-event.js';

export interface EvaluationEventsDependencies {
  readonly processor: InstalledProcessor;
  readonly check: (
    type: 'impression',
    input: Readonly<Record<string, unknown>>,
  ) => ExperimentEvent | Unusable;
  /** @returns undefined if there is no datafile yet */
  readonly inferRule: (flagKey: string, variationKey: string) => InferredRule | undefined;
  readonly ledger: Pick<EventLedger, 'recorded' | 'dropped' | 'warned'>;
  readonly logger: Logger;
  readonly runtime: Pick<Runtime, 'monotonic'>;
  /** Undefined if each evaluation is an impression. */
  readonly dedupe: RecentKeysOptions | undefined;
}

/**
 * Makes impressions of `feature_flag.evaluation` events, of spans or of log records. Evaluations that no
 * experiment decided are not experiment events, and are not counted.
 */
export class EvaluationEvents {
  readonly #deps: EvaluationEventsDependencies;
  readonly #dedupe: ImpressionDedupe | undefined;
  readonly #said = new OnceLog();

  constructor(dependencies: EvaluationEventsDependencies) {
    this.#deps = dependencies;
    const { dedupe, runtime } = dependencies;
    this.#dedupe = dedupe && new ImpressionDedupe(dedupe, runtime);
  }

  /** @returns whether it is an impression, and was handed over or refused */
  take(event: RawEvent, origin: EventOrigin | undefined): boolean {
    const raw = readEvaluationEvent(event);
    if (raw === undefined) return false;
    if (raw.unusable !== undefined) {
      this.#refuse(raw.unusable);
      return true;
    }
    const input = withUuid(raw, event, origin);
    if (!namesRule(input)) return this.#infer(input);
    this.#offer(input);
    return true;
  }

  #infer(input: Readonly<Record<string, unknown>>): boolean {
    const rule = this.#deps.inferRule(String(input.flagKey), String(input.variationKey));
    if (rule === 'none') return false;
    if (rule === 'ambiguous') {
      this.#warn();
      return false;
    }
    if (rule === undefined) this.#offer(input, { inferRule: true });
    else this.#offer({ ...input, ...rule });
    return true;
  }

  #offer(input: Readonly<Record<string, unknown>>, more: Pick<ExperimentImpression, 'inferRule'> = {}): void {
    const { processor, ledger, check } = this.#deps;
    const checked = check('impression', input);
    if (checked.type === 'unusable') {
      this.#refuse(checked.unusable);
      return;
    }
    if (this.#dedupe?.isFirst(checked) === false) {
      ledger.recorded(1);
      ledger.dropped('deduplicated', [checked]);
      return;
    }
    // Refused, so it stands for no other.
    if (!processor.offer({ ...checked, ...more })) this.#dedupe?.forget(checked);
  }

  #refuse(field: string): void {
    this.#deps.processor.refuse('impression', attributeOf('impression', field));
  }

  #warn(): void {
    this.#deps.ledger.warned('ambiguous_evaluation');
    if (this.#said.first('ambiguous')) this.#deps.logger.warn(AMBIGUOUS_EVALUATION);
  }
}
