// SPDX-License-Identifier: Apache-2.0
import type { Dispatcher } from 'undici';
import { HttpDatafileTransport } from './http/http-datafile-transport.js';
import type { DatafileCache } from './model/datafile-transport.js';
import { withDeadline } from './model/deadline.js';
import { isHttpUrl } from './model/http-url.js';
import { guardLogger, type Logger } from './model/logger.js';
import type { Datafile, ProjectConfig, ProjectConfigManager } from './model/project-config.js';
import { positiveOr, requireMethods } from './model/resolve-options.js';
import { type Runtime, systemRuntime } from './model/runtime.js';
import { DatafilePoller } from './resolve/datafile-poller.js';
import { StaticProjectConfigManager } from './resolve/static-project-config-manager.js';

/** Where the datafile comes from, and how often. */
export interface PollingProjectConfigManagerOptions {
  /** Names the project's environment. Required. */
  sdkKey: string;
  /** Of a secure environment. Sent to the datafile's own host only, and never logged. */
  datafileAccessToken?: string | undefined;
  /** Where the datafile is; `%s` or `{sdkKey}` stands for the SDK key. @default Optimizely's CDN */
  urlTemplate?: string | undefined;
  /** Milliseconds between two requests, give or take a tenth. Below 30_000 is warned about. @default 300_000 */
  updateIntervalMillis?: number | undefined;
  /** In force until the first one is fetched. */
  datafile?: Datafile | undefined;
  /** Keeps the last good datafile over restarts. Read where no `datafile` is given. @default none */
  cache?: DatafileCache | undefined;
  /** Sent along, to the datafile's own host only. */
  customHeaders?: Readonly<Record<string, string>> | undefined;
  /** Deadline of one request, milliseconds. @default 10_000 */
  requestTimeoutMillis?: number | undefined;
  /** Bytes of the unpacked datafile; a larger one is refused. @default 20_971_520 */
  maxDatafileBytes?: number | undefined;
  /** An undici dispatcher of your own, for a private CA or a fixed proxy; you close it. */
  dispatcher?: Dispatcher | undefined;
  /** @default OpenTelemetry's `diag` */
  logger?: Logger | undefined;
  /** Clock, timers and randomness, for tests. @default the system's */
  runtime?: Runtime | undefined;
}

const PUBLIC_URL = 'https://cdn.optimizely.com/datafiles/{sdkKey}.json';
const AUTHENTICATED_URL = 'https://config.optimizely.com/datafiles/auth/{sdkKey}.json';
const DEFAULT_INTERVAL_MILLIS = 300_000;
const HEALTHY_INTERVAL_MILLIS = 30_000;
const DEFAULT_READY_TIMEOUT_MILLIS = 10_000;

/**
 * Fetches the datafile and keeps it up to date, from construction until `stop()`. A new revision flushes the events of
 * the old one at once; a datafile that can't be used leaves the one before it in force.
 */
export class PollingProjectConfigManager implements ProjectConfigManager {
  readonly #config: StaticProjectConfigManager;
  readonly #poller: DatafilePoller;
  readonly #runtime: Runtime;
  readonly #ready: Promise<void>;
  #stopped: Promise<void> | undefined;
  #endWaiting: () => void = () => {};

  /** @throws TypeError no SDK key, or an option of a wrong type that no default can mend */
  constructor(options: PollingProjectConfigManagerOptions) {
    const { sdkKey, datafileAccessToken, datafile, cache, customHeaders } = options ?? {};
    requireText('sdkKey', sdkKey);
    if (datafileAccessToken !== undefined) requireText('datafileAccessToken', datafileAccessToken);
    if (cache !== undefined)
      requireMethods('cache', cache, ['get', 'set'], '{ cache: new FileDatafileCache(…) }');
    const logger = guardLogger(options.logger);
    this.#runtime = options.runtime ?? systemRuntime;
    this.#config = new StaticProjectConfigManager({ datafile, logger });
    this.#ready = new Promise(resolve => {
      this.#endWaiting = resolve;
      this.#config.onUpdate(resolve);
    });
    if (this.#config.getConfig() !== undefined) this.#endWaiting();

    const requestTimeoutMillis = positiveOr(
      10_000,
      'requestTimeoutMillis',
      options.requestTimeoutMillis,
      logger,
    );
    const authorization = datafileAccessToken && { authorization: `Bearer ${datafileAccessToken}` };
    this.#poller = new DatafilePoller(
      {
        url: datafileUrl(options),
        cacheKey: `optimizely-datafile-${sdkKey}`,
        headers: { ...lowerCased(customHeaders ?? {}), ...authorization },
        updateIntervalMillis: resolveInterval(options.updateIntervalMillis, logger),
        requestTimeoutMillis,
        maxDatafileBytes: positiveOr(20_971_520, 'maxDatafileBytes', options.maxDatafileBytes, logger),
        cache,
      },
      new HttpDatafileTransport(options.dispatcher, requestTimeoutMillis, logger),
      this.#config,
      this.#runtime,
      logger,
    );
    this.#poller.start();
  }

  getConfig(): ProjectConfig | undefined {
    return this.#config.getConfig();
  }

  /** @returns undoes it */
  onUpdate(listener: () => void): () => void {
    return this.#config.onUpdate(listener);
  }

  /**
   * Waits for the first datafile, `timeoutMillis` (default 10,000) at most. Never rejects.
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

  /** Ends polling; what is in flight is ended too. The datafile stays in force. */
  stop(): Promise<void> {
    this.#endWaiting();
    this.#stopped ??= this.#poller.stop();
    return this.#stopped;
  }
}

function requireText(name: string, value: unknown): asserts value is string {
  if (typeof value === 'string' && value !== '') return;
  const example = name === 'sdkKey' ? "{ sdkKey: '…' }" : `{ sdkKey: '…', ${name}: '…' }`;
  throw new TypeError(`${name} must be a non-empty string: new PollingProjectConfigManager(${example})`);
}

function datafileUrl({
  sdkKey,
  datafileAccessToken,
  urlTemplate,
}: PollingProjectConfigManagerOptions): string {
  const template = urlTemplate ?? (datafileAccessToken === undefined ? PUBLIC_URL : AUTHENTICATED_URL);
  const url = String(template).replace(/%s|\{sdkKey\}/g, () => encodeURIComponent(sdkKey));
  if (!isHttpUrl(url)) {
    throw new TypeError(
      "urlTemplate must be an http or https URL: { urlTemplate: 'https://…/{sdkKey}.json' }",
    );
  }
  return url;
}

/** Names differ by case only for people: a header would be sent twice. */
function lowerCased(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}

function resolveInterval(value: unknown, logger: Logger): number {
  const interval = positiveOr(DEFAULT_INTERVAL_MILLIS, 'updateIntervalMillis', value, logger);
  if (interval < HEALTHY_INTERVAL_MILLIS) {
    logger.warn(
      `updateIntervalMillis is ${interval}: Optimizely advises at least ${HEALTHY_INTERVAL_MILLIS}`,
    );
  }
  return interval;
}
