// SPDX-License-Identifier: Apache-2.0
import type { AnyEventDispatcher } from '../model/event-dispatcher.js';
import type { PackageLogger } from '../model/logger.js';
import type { Runtime, RuntimeTimer } from '../model/runtime.js';
import { EPISODE_MILLIS, EpisodeLog, OnceLog, REMINDER_MILLIS } from '../util/episode-log.js';
import { errorLabel } from '../util/error-label.js';
import { adviceFor } from './delivery-advice.js';
import { describeRoute, placeOf } from './place-of.js';
import { NOT_OK } from './read-answer.js';
import type { Answer } from './verdict.js';

/** Logs how delivery goes: at most one line a minute of each kind, however often it fails and recovers. */
export class DeliveryLog {
  readonly #logger: PackageLogger;
  readonly #runtime: Runtime;
  readonly #dispatcher: AnyEventDispatcher;
  /** How lines name the place, if not by the address of a request. */
  readonly #place: string | undefined;
  readonly #delivery: string;
  readonly #episodes = new EpisodeLog();
  readonly #said = new OnceLog();
  #failingSince: number | undefined;
  #saysFailing = false;
  #failsAt = Number.NEGATIVE_INFINITY;
  #worksAt = Number.NEGATIVE_INFINITY;
  #untold = 0;
  #url = '';
  #hasAnswered = false;
  /** When a line last said how long it has failed. */
  #alertedAt: number | undefined;
  #timer: RuntimeTimer | undefined;

  constructor(logger: PackageLogger, runtime: Runtime, dispatcher: AnyEventDispatcher) {
    this.#logger = logger;
    this.#runtime = runtime;
    this.#dispatcher = dispatcher;
    this.#place = placeOf(dispatcher);
    this.#delivery = `delivery to ${this.#place ?? 'Optimizely'}`;
  }

  /** Where the latest request was sent. */
  get url(): string {
    return this.#url;
  }

  /** @param url a listener may have changed it */
  sending(url: string): void {
    this.#url = url;
  }

  /** A request failed and is tried again. */
  failed(answer: Answer): void {
    const now = this.#runtime.monotonic();
    this.#failingSince ??= now;
    this.#untold++;
    const advice = adviceFor(answer, this.#url, this.#place);
    if (advice !== undefined && this.#episodes.first('turned away', now)) {
      this.#begins(now);
      this.#logger.alert(
        'OPTIMIZELY_DELIVERY_FAILING',
        'error',
        `${this.#delivery} is turned away: ${this.#describe(answer)}; ${advice}; events are kept and tried again`,
      );
    } else if (!this.#saysFailing && now - this.#failsAt >= EPISODE_MILLIS) this.#sayFails(answer, now);
    const millis = now - this.#failingSince;
    const isDue = this.#alertedAt === undefined || now - this.#alertedAt >= REMINDER_MILLIS;
    if (millis >= EPISODE_MILLIS && isDue) {
      this.#alertedAt = now;
      const minutes = Math.floor(millis / 60_000);
      this.#logger.alert(
        'OPTIMIZELY_DELIVERY_FAILING',
        'error',
        `${this.#delivery} has failed for ${minutes === 1 ? 'a minute' : `${minutes} minutes`}: ` +
          `${this.#describe(answer)}; events are kept and tried again`,
      );
    }
  }

  /** The destination has answered. */
  answered(): void {
    this.#hasAnswered = true;
    if (this.#failingSince === undefined) return;
    this.#failingSince = undefined;
    this.#alertedAt = undefined;
    if (this.#saysFailing) this.#sayWorks();
  }

  /** Events were refused for good. */
  refused(answer: Answer): void {
    if (!this.#episodes.first(describe(answer), this.#runtime.monotonic())) return;
    this.#logger.alert(
      'OPTIMIZELY_EVENTS_DROPPED',
      'error',
      `${this.#delivery} is refused for good: ${this.#describe(answer)}; what is refused is lost`,
    );
  }

  unserializable(): void {
    if (this.#episodes.first('unserializable', this.#runtime.monotonic())) {
      this.#logger.error(
        `${this.#delivery} is not possible of an event that can no longer be serialized; it is lost`,
      );
    }
  }

  /** A request could not be made, by a fault of ours. */
  unmade(error: unknown): void {
    this.#logger.error(`${this.#delivery} failed: ${errorLabel(error)}; it is tried again`);
  }

  /** A dispatcher's answer names no status. */
  unreadable(): void {
    if (this.#said.first('unreadable'))
      this.#logger.debug('the eventDispatcher answers without a status: its events count as delivered');
  }

  /** Events fail again and again while others get through. */
  singledOut(answer: Answer): void {
    if (this.#episodes.first('singled out', this.#runtime.monotonic())) {
      this.#logger.warn(
        `${this.#delivery} fails for some events while others arrive: ${this.#describe(answer)}; ` +
          'they are kept and tried again alone',
      );
    }
  }

  end(): void {
    this.#timer?.clear();
    this.#timer = undefined;
  }

  #sayFails(answer: Answer, now: number): void {
    const others = this.#untold > 1 ? ` (requests that failed since the last line: ${this.#untold})` : '';
    this.#begins(now);
    const line = `${this.#delivery} fails: ${this.#describe(answer)}; events are kept and tried again${others}`;
    // What has never worked is most likely a wrong address: that is worth more than what passes by itself.
    if (this.#hasAnswered) this.#logger.warn(line);
    else this.#logger.alert('OPTIMIZELY_DELIVERY_FAILING', 'warn', line);
  }

  /** A line says that it fails. */
  #begins(now: number): void {
    this.#saysFailing = true;
    this.#failsAt = now;
    this.#untold = 0;
  }

  #describe(answer: Answer): string {
    return this.#place !== undefined || this.#url === ''
      ? describe(answer)
      : `${describe(answer)} at ${describeRoute(this.#url, this.#dispatcher)}`;
  }

  #sayWorks(): void {
    const wait = this.#worksAt + EPISODE_MILLIS - this.#runtime.monotonic();
    if (wait > 0) {
      // Said later if it still holds then.
      this.#timer ??= this.#runtime.setTimer(() => {
        this.#timer = undefined;
        if (this.#saysFailing && this.#failingSince === undefined) this.#sayWorks();
      }, wait);
      return;
    }
    this.#saysFailing = false;
    this.#worksAt = this.#runtime.monotonic();
    this.#logger.info(`${this.#delivery} works again`);
  }
}

export function describe(answer: Answer): string {
  if (answer.kind === 'no answer') return errorLabel(answer.error);
  return answer.status === NOT_OK ? 'an answer that is not ok, without a status' : `status ${answer.status}`;
}
