// SPDX-License-Identifier: Apache-2.0
import type { PackageLogger } from '../model/logger.js';
import type { Runtime } from '../model/runtime.js';
import { REMINDER_MILLIS } from '../util/episode-log.js';
import { shownUrl } from '../util/shown-url.js';
import type { Answer } from './verdict.js';

/** Clocks that are kept in step differ by far less, and a `Date` header has whole seconds. */
const WORTH_A_LINE_MILLIS = 60_000;

/** What answers there has this machine's clock: where it differs, a test has set another time. */
const THIS_MACHINE = /^(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])$/;

/**
 * Compares this machine's clock with that of the destination, as the `Date` of its answers tells it. Events carry this
 * machine's time, and a conversion that is earlier than its impression on another machine does not count.
 */
export class ClockCheck {
  readonly #logger: PackageLogger;
  readonly #runtime: Runtime;
  /** The same for all answers of a second. */
  #latest: unknown;
  #saidAt: number | undefined;

  constructor(logger: PackageLogger, runtime: Runtime) {
    this.#logger = logger;
    this.#runtime = runtime;
  }

  /** @param startedAt when the request began, milliseconds since the epoch */
  answered(answer: Answer, url: string, startedAt: number): void {
    if (answer.kind !== 'status' || answer.date === undefined || answer.date === this.#latest) return;
    this.#latest = answer.date;
    const ahead = this.#aheadMillis(answer.date, startedAt);
    if (Math.abs(ahead) < WORTH_A_LINE_MILLIS || isThisMachine(url)) return;
    const now = this.#runtime.monotonic();
    if (this.#saidAt !== undefined && now - this.#saidAt < REMINDER_MILLIS) return;
    this.#saidAt = now;
    this.#logger.alert(
      'OPTIMIZELY_CLOCK_DIFFERS',
      'warn',
      `the clock of this machine is ${Math.abs(Math.round(ahead / 1000))} s ${ahead > 0 ? 'ahead of' : 'behind'} ` +
        `that of ${shownUrl(url)}: events that are recorded here have wrong times, and conversions may be earlier ` +
        'than their impressions; synchronize the clocks',
    );
  }

  /**
   * By how much it is ahead at least, or behind if negative: the answer was made at some time since the request began. By
   * the wall clock, which goes on while the process is frozen.
   */
  #aheadMillis(date: unknown, startedAt: number): number {
    const theirs = typeof date === 'string' ? Date.parse(date) : Number.NaN;
    if (Number.isNaN(theirs)) return 0;
    return Math.max(0, startedAt - theirs) + Math.min(0, this.#runtime.now() - theirs);
  }
}

function isThisMachine(url: string): boolean {
  return URL.canParse(url) && THIS_MACHINE.test(new URL(url).hostname);
}
