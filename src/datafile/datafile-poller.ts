// SPDX-License-Identifier: Apache-2.0
import type { DatafileCache, DatafileResponse, DatafileTransport } from '../model/datafile-transport.js';
import type { PackageLogger } from '../model/logger.js';
import type { Runtime, RuntimeTimer } from '../model/runtime.js';
import { REMINDER_MILLIS } from '../util/episode-log.js';
import { errorLabel } from '../util/error-label.js';
import { parseRetryAfter } from '../util/retry-after.js';
import { safeText } from '../util/safe-text.js';
import { shownUrl } from '../util/shown-url.js';
import type { DatafileInForce } from './datafile-in-force.js';
import { PollSchedule } from './poll-schedule.js';

export interface DatafilePollerOptions {
  readonly url: string;
  readonly cacheKey: string;
  /** Undefined if the address has no place for it. */
  readonly sdkKey: string | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly updateIntervalMillis: number;
  readonly requestTimeoutMillis: number;
  readonly maxDatafileBytes: number;
  readonly cache: DatafileCache | undefined;
}

/** Brings the datafile of a URL into force, again and again. */
export class DatafilePoller {
  readonly #options: DatafilePollerOptions;
  readonly #transport: DatafileTransport;
  readonly #target: DatafileInForce;
  readonly #runtime: Runtime;
  readonly #logger: PackageLogger;
  readonly #schedule: PollSchedule;
  readonly #abort = new AbortController();
  #validators: Record<string, string> = {};
  #latest: string | undefined;
  #bad: string | undefined;
  #writing: Promise<void> = Promise.resolve();
  #timer: RuntimeTimer | undefined;
  /** When a line last said that it cannot be fetched; undefined while it can. */
  #saidFailingAt: number | undefined;
  #running: Promise<boolean> | undefined;
  #next: Promise<boolean> | undefined;
  #lastCheckBeganAt: number | undefined;
  /** The server asked for a pause until then, monotonic clock. */
  #pauseUntil = Number.NEGATIVE_INFINITY;

  constructor(
    options: DatafilePollerOptions,
    transport: DatafileTransport,
    target: DatafileInForce,
    runtime: Runtime,
    logger: PackageLogger,
  ) {
    this.#options = options;
    this.#transport = transport;
    this.#target = target;
    this.#runtime = runtime;
    this.#logger = logger;
    this.#schedule = new PollSchedule(options.updateIntervalMillis, runtime.random);
  }

  start(): void {
    void this.#readCache();
    void this.#check();
  }

  /** When the last check that ended well began, monotonic clock in milliseconds; undefined before the first. */
  get lastCheckBeganAt(): number | undefined {
    return this.#lastCheckBeganAt;
  }

  /** @returns a promise of whether a check that began after this call ended well */
  checkNow(): Promise<boolean> {
    if (this.#running === undefined) return this.#checkUnlessPaused();
    // The one that is under way may have been answered already.
    this.#next ??= this.#running.then(() => {
      this.#next = undefined;
      return this.#checkUnlessPaused();
    });
    return this.#next;
  }

  async stop(): Promise<void> {
    this.#abort.abort(new DOMException('stopped', 'AbortError'));
    this.#timer?.clear();
    await this.#transport.close();
  }

  async #checkUnlessPaused(): Promise<boolean> {
    return this.#runtime.monotonic() >= this.#pauseUntil && this.#check();
  }

  #check(): Promise<boolean> {
    const beganAt = this.#runtime.monotonic();
    if (this.#abort.signal.aborted) return Promise.resolve(false);
    this.#timer?.clear();
    this.#running = this.#poll().then(isGood => {
      this.#running = undefined;
      if (isGood) this.#lastCheckBeganAt = beganAt;
      return isGood;
    });
    return this.#running;
  }

  /** @returns whether the datafile of the URL is in force */
  async #poll(): Promise<boolean> {
    let delay: number;
    try {
      delay = await this.#take(await this.#fetch());
    } catch (error) {
      delay = this.#failed(errorLabel(error));
    }
    if (this.#abort.signal.aborted) return false;
    this.#timer = this.#runtime.setTimer(() => void this.#check(), delay);
    return !this.#schedule.isFailing;
  }

  async #fetch(): Promise<DatafileResponse> {
    const { url, headers, maxDatafileBytes: maxBytes, requestTimeoutMillis } = this.#options;
    const deadline = new AbortController();
    const timer = this.#runtime.setTimer(
      () => deadline.abort(new DOMException('no answer in time', 'TimeoutError')),
      requestTimeoutMillis,
    );
    const signal = AbortSignal.any([deadline.signal, this.#abort.signal]);
    try {
      return await this.#transport.get({
        url,
        headers: { ...headers, ...this.#validators },
        maxBytes,
        signal,
      });
    } finally {
      timer.clear();
    }
  }

  /** @returns when to ask again */
  async #take({ status, headers, body }: DatafileResponse): Promise<number> {
    if (this.#abort.signal.aborted) return 0;
    // Nothing can be unmodified where there is nothing.
    if (status !== 200 && !(status === 304 && this.#latest !== undefined)) {
      return this.#failed(`status ${status}`, parseRetryAfter(headers['retry-after'], this.#runtime.now()));
    }
    if (status === 200 && body !== this.#latest) {
      // Its validators are not kept: the next 304 would mean a datafile that is not in force.
      // The same bad one again is not worth a line.
      if (
        body === this.#bad ||
        !(await this.#bringIntoForce(body, shownUrl(this.#options.url), () => true))
      ) {
        this.#bad = body;
        return this.#schedule.afterFailure();
      }
      this.#latest = body;
      this.#bad = undefined;
      this.#writeCache(body);
    }
    if (status === 200) this.#validators = validatorsOf(headers);
    if (this.#saidFailingAt !== undefined) this.#logger.info('the datafile can be fetched again');
    this.#saidFailingAt = undefined;
    return this.#schedule.afterSuccess();
  }

  #bringIntoForce(datafile: string, origin: string, isStillWanted: () => boolean): Promise<boolean> {
    const { signal } = this.#abort;
    const options = { runtime: this.#runtime, signal, isStillWanted, origin };
    return this.#target.replaceInSlices(datafile, options);
  }

  #failed(reason: string, retryAfterMillis?: number): number {
    const now = this.#runtime.monotonic();
    const isDue = this.#saidFailingAt === undefined || now - this.#saidFailingAt >= REMINDER_MILLIS;
    if (isDue && !this.#abort.signal.aborted) {
      this.#saidFailingAt = now;
      this.#logFailure(reason);
    }
    const delay = this.#schedule.afterFailure(retryAfterMillis);
    if (retryAfterMillis !== undefined) this.#pauseUntil = now + delay;
    return delay;
  }

  #logFailure(reason: string): void {
    const { sdkKey, url } = this.#options;
    const whose = sdkKey === undefined ? '' : ` of sdkKey "${safeText(sdkKey)}"`;
    const proxy = this.#transport.describeProxyFor(url);
    const route = proxy === undefined ? shownUrl(url) : `${shownUrl(url)} through ${safeText(proxy)}`;
    const advice = adviceFor(reason);
    const isFirst = this.#target.index === undefined;
    const line =
      `the datafile${whose} could not be fetched: ${reason} at ${route}${advice}; it is tried again` +
      (isFirst ? '' : ', and the one before it stays in force');
    // With none in force nothing is sent, and a script may not live long enough to be told otherwise. A key that was
    // revoked brings no datafile again: what is new in the project would be dropped for as long as the process lives.
    if (isFirst || advice !== '') this.#logger.alert('OPTIMIZELY_NO_DATAFILE', 'warn', line);
    else this.#logger.warn(line);
  }

  async #readCache(): Promise<void> {
    const { cache, cacheKey } = this.#options;
    // A datafile that the application gave is its choice for the start.
    if (cache === undefined || this.#target.index !== undefined) return;
    const isStillNeeded = () => this.#target.index === undefined && !this.#abort.signal.aborted;
    try {
      const datafile = await cache.get(cacheKey);
      if (typeof datafile === 'string' && isStillNeeded())
        await this.#bringIntoForce(datafile, 'the cache', isStillNeeded);
    } catch (error) {
      this.#logger.warn(`the datafile cache could not be read: ${errorLabel(error)}`);
    }
  }

  /** One after the other: a slow write of an old datafile must not come last. */
  #writeCache(datafile: string): void {
    const { cache, cacheKey } = this.#options;
    this.#writing = this.#writing.then(async () => {
      try {
        await cache?.set(cacheKey, datafile);
      } catch (error) {
        this.#logger.warn(`the datafile cache could not be written: ${errorLabel(error)}`);
      }
    });
  }
}

/** Optimizely's CDN answers 403 for a key that it does not know. */
function adviceFor(reason: string): string {
  return /^status (?:401|403|404)$/.test(reason)
    ? ', see that the SDK key and the access token are right'
    : '';
}

function validatorsOf(headers: DatafileResponse['headers']): Record<string, string> {
  const { etag, 'last-modified': lastModified } = headers;
  return {
    ...(typeof etag === 'string' && { 'if-none-match': etag }),
    ...(typeof lastModified === 'string' && { 'if-modified-since': lastModified }),
  };
}
