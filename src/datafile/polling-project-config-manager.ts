// SPDX-License-Identifier: Apache-2.0
import type { Dispatcher } from 'undici';
import { HttpClient } from '../http/http-client.js';
import type { Datafile, DatafileIndex, ProjectConfigManager } from '../model/datafile-index.js';
import type { DatafileCache } from '../model/datafile-transport.js';
import type { Logger, PackageLogger } from '../model/logger.js';
import type { Runtime } from '../model/runtime.js';
import { withDeadline } from '../util/deadline.js';
import { isObject } from '../util/json.js';
import { LOGGER, RUNTIME } from '../util/options/common-option-rows.js';
import { looksLikeSeconds } from '../util/options/looks-like-seconds.js';
import { bytes, millis, type OptionTable, object, other, text, url } from '../util/options/option-table.js';
import { resolveOptions } from '../util/options/resolve-options.js';
import { takeOptions } from '../util/options/take-options.js';
import { systemRuntime } from '../util/system-runtime.js';
import { fillUrlTemplate, hasPlaceForKey } from '../util/url-template.js';
import { contentFingerprint } from './content-fingerprint.js';
import { DatafileInForce } from './datafile-in-force.js';
import { DatafilePoller } from './datafile-poller.js';
import { requireDatafileType } from './static-project-config-manager.js';

/** Where the datafile comes from, and how often it is fetched. */
export interface PollingProjectConfigManagerOptions {
  /** Names the project's environment. Required, unless `urlTemplate` has no place for it. */
  sdkKey?: string | undefined;
  /** Access token of a secure environment. Sent to the datafile's own host only, and never logged. */
  datafileAccessToken?: string | undefined;
  /** Where the datafile is; `%s`, `{sdkKey}` or `{sdk_key}` stands for the SDK key. @default Optimizely's CDN */
  urlTemplate?: string | undefined;
  /** Milliseconds between two requests, give or take a tenth. Values below 30_000 cause a warning. @default 300_000 */
  updateIntervalMillis?: number | undefined;
  /** The datafile in force until the first one is fetched. */
  datafile?: Datafile | undefined;
  /** Keeps the last good datafile across restarts. Read if no `datafile` is given. @default none */
  cache?: DatafileCache | undefined;
  /** Additional headers, sent to the datafile's own host only. */
  customHeaders?: Readonly<Record<string, string>> | undefined;
  /** Deadline of one request, milliseconds. @default 10_000 */
  requestTimeoutMillis?: number | undefined;
  /** Maximum bytes of the unpacked datafile. A larger one is refused. @default 20_971_520 */
  maxDatafileBytes?: number | undefined;
  /** An undici dispatcher of your own, for a private CA or a fixed proxy; you close it. */
  dispatcher?: Dispatcher | undefined;
  /** @default OpenTelemetry's `diag` */
  logger?: Logger | undefined;
  /** Clock, timers and randomness, for tests. @default the system's */
  runtime?: Runtime | undefined;
}

export const POLLING_PROJECT_CONFIG_MANAGER = {
  name: 'PollingProjectConfigManager',
  example: "new PollingProjectConfigManager({ sdkKey: '…' })",
  table: {
    sdkKey: text("{ sdkKey: '…' }", 'OPTIMIZELY_SDK_KEY'),
    datafileAccessToken: text(
      "{ sdkKey: '…', datafileAccessToken: '…' }",
      'OPTIMIZELY_DATAFILE_ACCESS_TOKEN',
    ),
    urlTemplate: url(
      'url-template',
      "{ urlTemplate: 'https://…/{sdkKey}.json' }",
      'OPTIMIZELY_DATAFILE_URL_TEMPLATE',
    ),
    updateIntervalMillis: millis(300_000, 'OPTIMIZELY_DATAFILE_UPDATE_INTERVAL_MILLIS'),
    datafile: other<Datafile>({ env: 'OPTIMIZELY_DATAFILE_PATH' }),
    cache: object<DatafileCache>(['get', 'set'], '{ cache: new FileDatafileCache({ directory }) }'),
    customHeaders: other<Readonly<Record<string, string>>>({
      example: "{ customHeaders: { 'X-Team': 'web' } }",
    }),
    requestTimeoutMillis: millis(10_000),
    maxDatafileBytes: bytes(20_971_520),
    dispatcher: object<Dispatcher>(['dispatch'], '{ dispatcher: new Agent() }'),
    logger: LOGGER,
    runtime: RUNTIME,
  } satisfies OptionTable<PollingProjectConfigManagerOptions>,
};

const PUBLIC_URL = 'https://cdn.optimizely.com/datafiles/{sdkKey}.json';
const AUTHENTICATED_URL = 'https://config.optimizely.com/datafiles/auth/{sdkKey}.json';
const HEALTHY_INTERVAL_MILLIS = 30_000;
const DEFAULT_READY_TIMEOUT_MILLIS = 10_000;

/**
 * Fetches the datafile and keeps it up to date, from construction until `stop()`. A new revision flushes the events of
 * the old one at once. If a datafile can't be used, the previous one stays in force.
 */
export class PollingProjectConfigManager implements ProjectConfigManager {
  readonly #inForce: DatafileInForce;
  readonly #poller: DatafilePoller;
  readonly #runtime: Runtime;
  readonly #ready: Promise<void>;
  #stopped: Promise<void> | undefined;
  #endWaiting: () => void = () => {};

  /** @throws TypeError if the SDK key is missing, or an option has a wrong type and no usable default */
  constructor(options: PollingProjectConfigManagerOptions) {
    const taken = takeOptions(POLLING_PROJECT_CONFIG_MANAGER, options);
    const { logger } = taken;
    const resolved = resolveOptions(POLLING_PROJECT_CONFIG_MANAGER.table, taken.options, logger);
    const { datafile, datafileAccessToken, requestTimeoutMillis, maxDatafileBytes, cache } = resolved;
    const source = datafileSource(resolved);
    const authorization = datafileAccessToken && { authorization: `Bearer ${datafileAccessToken}` };
    const headers = { ...headersOf(resolved.customHeaders), ...authorization };
    const updateIntervalMillis = adviseInterval(resolved.updateIntervalMillis, logger);
    this.#runtime = resolved.runtime ?? systemRuntime;
    this.#inForce = new DatafileInForce(logger);
    if (datafile !== undefined) {
      requireDatafileType(datafile);
      this.#inForce.replace(datafile);
    }
    this.#ready = new Promise(resolve => {
      this.#endWaiting = resolve;
      this.#inForce.onUpdate(resolve);
    });
    if (this.#inForce.index !== undefined) this.#endWaiting();
    this.#poller = new DatafilePoller(
      { ...source, headers, updateIntervalMillis, requestTimeoutMillis, maxDatafileBytes, cache },
      new HttpClient({
        dispatcher: resolved.dispatcher,
        timeoutMillis: requestTimeoutMillis,
        keepsProcess: false,
        logger,
      }),
      this.#inForce,
      this.#runtime,
      logger,
    );
    this.#poller.start();
  }

  getConfig(): DatafileIndex | undefined {
    return this.#inForce.index;
  }

  /** @returns a function that undoes it */
  onUpdate(listener: () => void): () => void {
    return this.#inForce.onUpdate(listener);
  }

  /**
   * Waits for the first datafile, for `timeoutMillis` (default 10,000) at most. Never rejects.
   *
   * @returns whether one is in force
   */
  async onReady({
    timeoutMillis = DEFAULT_READY_TIMEOUT_MILLIS,
  }: {
    timeoutMillis?: number | undefined;
  } = {}): Promise<boolean> {
    if (this.getConfig() === undefined) await withDeadline(this.#runtime, timeoutMillis, () => this.#ready);
    return this.getConfig() !== undefined;
  }

  /**
   * Asks for the datafile now instead of at the next interval, for instance because an event names a key that the
   * datafile in force does not have. A request that is under way does not count: another one follows it. All calls that
   * wait for the same request share it. Nothing is asked while a `Retry-After` of the server lasts, or after `stop()`.
   * Call it no more often than every few seconds. Never rejects.
   *
   * @returns whether the datafile in force is now the one that was fetched, or found unchanged, by a check that began
   *   after this call
   */
  checkNow(): Promise<boolean> {
    return this.#poller.checkNow();
  }

  /**
   * When the latest successful check of the datafile began. The datafile in force is not older than that.
   *
   * @returns milliseconds of the monotonic clock (`runtime.monotonic()`, by default `performance.now()`); undefined
   *   before the first
   */
  get lastCheckBeganAt(): number | undefined {
    return this.#poller.lastCheckBeganAt;
  }

  /** Ends polling, including a request in flight. The datafile stays in force. */
  stop(): Promise<void> {
    this.#endWaiting();
    this.#stopped ??= this.#poller.stop();
    return this.#stopped;
  }
}

interface DatafileSource {
  readonly url: string;
  /** Undefined if the address has no place for it. */
  readonly sdkKey: string | undefined;
  /** Of what is served there, in a cache that several managers share. */
  readonly cacheKey: string;
}

/** @throws TypeError if the address has a place for an SDK key and there is none */
function datafileSource({
  sdkKey,
  datafileAccessToken,
  urlTemplate,
}: Pick<
  PollingProjectConfigManagerOptions,
  'sdkKey' | 'datafileAccessToken' | 'urlTemplate'
>): DatafileSource {
  const template = urlTemplate ?? (datafileAccessToken === undefined ? PUBLIC_URL : AUTHENTICATED_URL);
  if (!hasPlaceForKey(template)) {
    // Not the address itself, which may have a secret in it.
    return {
      url: template,
      sdkKey: undefined,
      cacheKey: `optimizely-datafile-${contentFingerprint([template])}`,
    };
  }
  if (sdkKey === undefined) {
    throw new TypeError(`sdkKey must be a non-empty string: ${POLLING_PROJECT_CONFIG_MANAGER.example}`);
  }
  return { url: fillUrlTemplate(template, sdkKey), sdkKey, cacheKey: `optimizely-datafile-${sdkKey}` };
}

/**
 * Names in lower case: they differ by case only for people, and a header would be sent twice.
 *
 * @throws TypeError if the argument is not an object of strings
 */
function headersOf(given: unknown): Record<string, string> {
  if (given === undefined || given === null) return {};
  try {
    if (!isObject(given)) throw new TypeError();
    return Object.fromEntries(
      Object.entries(given).flatMap(([name, value]) => {
        if (value === undefined) return [];
        if (typeof value !== 'string') throw new TypeError();
        return [[name.toLowerCase(), value] as const];
      }),
    );
  } catch {
    const { example } = POLLING_PROJECT_CONFIG_MANAGER.table.customHeaders;
    throw new TypeError(`customHeaders must be an object of strings: ${example}`);
  }
}

function adviseInterval(interval: number, logger: PackageLogger): number {
  const { fallback } = POLLING_PROJECT_CONFIG_MANAGER.table.updateIntervalMillis;
  if (interval < HEALTHY_INTERVAL_MILLIS && !looksLikeSeconds(interval, fallback)) {
    logger.alert(
      'OPTIMIZELY_BAD_OPTION',
      'warn',
      `updateIntervalMillis is ${interval}: Optimizely advises at least ${HEALTHY_INTERVAL_MILLIS}`,
    );
  }
  return interval;
}
