// SPDX-License-Identifier: Apache-2.0

import type { Logger } from '../model/logger.js';
import type { Runtime } from '../model/runtime.js';
import type { Impression } from '../record/input.js';
import { OnceLog } from '../util/episode-log.js';
import { errorLabel } from '../util/error-label.js';
import {
  DEDUPE_TABLE,
  type DedupeOptions,
  ImpressionDedupe,
  resolveDedupe,
} from '../util/impression-dedupe.js';
import { OnceMore } from '../util/once-more.js';
import { LOGGER } from '../util/options/common-option-rows.js';
import { callback, type OptionTable, object, other } from '../util/options/option-table.js';
import { resolveOptions } from '../util/options/resolve-options.js';
import { takeOptions } from '../util/options/take-options.js';
import { systemRuntime } from '../util/system-runtime.js';
import { impressionFromEvaluation } from './impression-from-evaluation.js';
import type { EvaluationDetailsLike, HookContextLike } from './openfeature-types.js';
import { allInstalled, PROCESSOR_EXAMPLE, type RecordingTarget } from './recording-target.js';
import { withoutRejection } from './without-rejection.js';

export interface OptimizelyHookOptions {
  /** Records with this processor alone, if a process has several. @default all installed ones */
  processor?: Pick<RecordingTarget, 'recordImpression'> | undefined;
  /**
   * Returns the impression for an evaluation, or undefined if the evaluation is not an experiment decision.
   * @default impressionFromEvaluation
   */
  mapEvaluation?(details: EvaluationDetailsLike, hookContext: HookContextLike): Impression | null | undefined;
  /**
   * Evaluation is not exposure, so only one impression per visitor, rule and variation is recorded in each time window.
   * If false, each evaluation is recorded.
   * @default { windowMillis: 1_800_000, maxEntries: 10_000 }
   */
  dedupe?: DedupeOptions | boolean | undefined;
  /** @default OpenTelemetry's `diag` */
  logger?: Logger | undefined;
  /** The clock that `dedupe` goes by, for tests. @default the system's */
  runtime?: Pick<Runtime, 'monotonic'> | undefined;
}

export const OPTIMIZELY_HOOK = {
  name: 'OptimizelyHook',
  example: 'new OptimizelyHook({ processor })',
  table: {
    processor: object<Pick<RecordingTarget, 'recordImpression'>>(['recordImpression'], PROCESSOR_EXAMPLE),
    mapEvaluation: callback<NonNullable<OptimizelyHookOptions['mapEvaluation']>>(
      '{ mapEvaluation: (details, context) => … }',
    ),
    dedupe: other<DedupeOptions | boolean>({ members: DEDUPE_TABLE }),
    logger: LOGGER,
    runtime: object<Pick<Runtime, 'monotonic'>>(['monotonic'], '{ runtime: { monotonic: () => … } }'),
  } satisfies OptionTable<OptimizelyHookOptions>,
};

/** How far the recording of an evaluation has come: where the stack ends, it goes on from there. */
interface Recording {
  impression: Impression | null | undefined;
  /** Whether it was asked whether it is the first of its window. */
  isTried: boolean;
  isFirst: boolean | undefined;
  isDone: boolean;
  uuid?: string | undefined;
}

/**
 * An OpenFeature hook that records an impression, on the active span, for each evaluation that is an experiment
 * decision. Never throws into an evaluation, and never waits.
 */
export class OptimizelyHook {
  readonly #target: Pick<RecordingTarget, 'recordImpression'>;
  readonly #mapEvaluation: NonNullable<OptimizelyHookOptions['mapEvaluation']>;
  readonly #dedupe: ImpressionDedupe | undefined;
  readonly #work: OnceMore;
  /** Evaluations whose later hooks have still to run. */
  readonly #resolved = new WeakMap<object, EvaluationDetailsLike>();
  #suppressed = 0;

  /** @throws TypeError if an option has a wrong type and no usable default */
  constructor(options: OptimizelyHookOptions = {}) {
    const { options: taken, logger } = takeOptions(OPTIMIZELY_HOOK, options);
    const { processor, mapEvaluation, dedupe, runtime } = resolveOptions(
      OPTIMIZELY_HOOK.table,
      taken,
      logger,
    );
    const said = new OnceLog();
    this.#work = new OnceMore(error => {
      if (said.first('failed')) logger.error(`an evaluation was not recorded: ${errorLabel(error)}`);
    });
    this.#target = processor ?? allInstalled;
    this.#mapEvaluation = mapEvaluation?.bind(options) ?? impressionFromEvaluation;
    const resolved = resolveDedupe(dedupe, 'on', logger);
    this.#dedupe = resolved && new ImpressionDedupe(resolved, runtime ?? systemRuntime);
  }

  /** Number of impressions not recorded because of an equal one within the time window. They are in no ledger. */
  get suppressed(): number {
    return this.#suppressed;
  }

  /** The provider has answered. Another hook may yet fail, and the application then gets its default value. */
  after(hookContext: HookContextLike, details: EvaluationDetailsLike): void {
    this.#work.do(() => this.#resolved.set(hookContext, details));
  }

  error(hookContext: HookContextLike): void {
    this.#work.do(() => this.#resolved.delete(hookContext));
  }

  /** The application gets what was resolved: the moment to record it. */
  finally(hookContext: HookContextLike): void {
    const recording: Recording = { impression: undefined, isTried: false, isFirst: undefined, isDone: false };
    this.#work.do(() => this.#record(hookContext, recording));
  }

  #record(hookContext: HookContextLike, recording: Recording): void {
    recording.impression ??= this.#takeImpression(hookContext);
    const { impression } = recording;
    if (impression === undefined || impression === null) return;
    recording.isFirst ??= this.#isFirst(impression, recording);
    if (!recording.isFirst) {
      this.#suppressed++;
      return;
    }
    try {
      if (!recording.isDone) recording.uuid = this.#target.recordImpression(impression);
      recording.isDone = true;
    } finally {
      // No processor accepted it, so it does not suppress others.
      if (recording.uuid === undefined) {
        // Where it is recorded once more, it has to be remembered again.
        recording.isFirst = undefined;
        this.#dedupe?.forget(impression);
      }
    }
  }

  #takeImpression(hookContext: HookContextLike): Impression | null | undefined {
    const details = this.#resolved.get(hookContext);
    if (details === undefined) return undefined;
    const impression = withoutRejection(this.#mapEvaluation(details, hookContext));
    // Not before: where the stack has ended, it is mapped once more.
    this.#resolved.delete(hookContext);
    return impression;
  }

  #isFirst(impression: Impression, recording: Recording): boolean {
    // Where the stack ended within the question, the impression may be taken for its own double.
    if (recording.isTried) this.#dedupe?.forget(impression);
    recording.isTried = true;
    return this.#dedupe?.isFirst(impression) !== false;
  }
}
