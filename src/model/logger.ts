// SPDX-License-Identifier: Apache-2.0
import { diagOutput } from './diag-logger.js';
import { type WarningCode, warnProcess } from './process-warning.js';

/**
 * Where the package says what went wrong. OpenTelemetry's `diag`, `console` and most logging libraries fit.
 * Lines name fields, reasons and counts, never a user's data.
 */
export interface Logger {
  error(message: string): void;
  warn(message: string): void;
  info(message: string): void;
  debug(message: string): void;
}

/** What the parts of the package log to: bears whatever the application's logger does. */
export interface PackageLogger extends Logger {
  /**
   * Logs what a person must know of. Where the application gave no logger and has set no diag logger, or its logger
   * fails, a process warning says it, once a code.
   */
  alert(code: WarningCode, level: 'warn' | 'error', message: string): void;
}

export const noopLogger: PackageLogger = { error() {}, warn() {}, info() {}, debug() {}, alert() {} };

/** So many lines deep may a logger record events that are logged in turn. */
const DEEPEST = 4;

let depth = 0;

const guarded = new WeakSet<object>();

/**
 * Keeps what an application's logger throws, rejects with or records from reaching the application through us.
 *
 * @param given if absent, OpenTelemetry's `diag`
 */
export function guardLogger(given?: Logger | null): PackageLogger {
  if (given && guarded.has(given)) return given as PackageLogger;
  const write = (level: keyof Logger, message: string): unknown =>
    given ? given[level](message) : diagOutput.write(level, message);
  const at = (level: keyof Logger) => (message: string) => say(() => write(level, message), warnOfLogger);
  const logger: PackageLogger = {
    error: at('error'),
    warn: at('warn'),
    info: at('info'),
    debug: at('debug'),
    alert(code, level, message) {
      const warn = () => warnProcess(code, message);
      say(() => {
        if (!isHeard(given)) warn();
        return write(level, message);
      }, warn);
    },
  };
  guarded.add(logger);
  return logger;
}

/** Has `echo` told of errors and warnings too. */
export function echoing(logger: PackageLogger, echo: (message: string) => void): PackageLogger {
  const at = (level: 'error' | 'warn') => (message: string) => {
    logger[level](message);
    echo(message);
  };
  const both: PackageLogger = { ...logger, error: at('error'), warn: at('warn') };
  guarded.add(both);
  return both;
}

function say(write: () => unknown, onFailure: () => void): void {
  if (depth >= DEEPEST) {
    onFailure();
    return;
  }
  depth++;
  try {
    const answer = write();
    if (isObjectLike(answer)) Promise.resolve(answer).catch(onFailure);
  } catch {
    onFailure();
  } finally {
    depth--;
  }
}

function warnOfLogger(): void {
  warnProcess(
    'OPTIMIZELY_LOGGER_FAILING',
    'the logger throws, rejects or records events that it is told of in turn; log lines are missing',
  );
}

/** The API's `diag` object itself may be given before, or without, a logger of its own. */
function isHeard(given: Logger | null | undefined): boolean {
  return (given && !('setLogger' in given)) || diagOutput.isSet();
}

function isObjectLike(value: unknown): boolean {
  return (typeof value === 'object' && value !== null) || typeof value === 'function';
}

/** Says each kind of thing once. */
export class OnceLog {
  readonly #said = new Set<string>();

  first(kind: string): boolean {
    if (this.#said.has(kind)) return false;
    this.#said.add(kind);
    return true;
  }
}

/** So long without a kind of thing ends an episode of it: the next one is worth a line again. */
export const EPISODE_MILLIS = 60_000;

/** Says each kind of thing once an episode. */
export class EpisodeLog {
  readonly #lastAt = new Map<string, number>();

  /** @param now milliseconds of a monotonic clock */
  first(kind: string, now: number): boolean {
    const lastAt = this.#lastAt.get(kind);
    this.#lastAt.set(kind, now);
    return lastAt === undefined || now - lastAt >= EPISODE_MILLIS;
  }
}

const TAG_OF = Object.prototype.toString;
const NAME = /^[A-Za-z]{1,40}$/;
const CODE = /^[A-Z][A-Z0-9_]{1,40}$/;

/** What may be logged of an error: its class and code, as far as they look like it. A message can quote input. */
export function errorLabel(error: unknown): string {
  try {
    // By its tag, too: `instanceof` knows no error of another realm, such as Node's own in a test that Jest runs.
    if (!(error instanceof Error) && TAG_OF.call(error) !== '[object Error]') return typeof error;
    const { name, code } = error as { name?: unknown; code?: unknown };
    const label = typeof name === 'string' && NAME.test(name) ? name : 'Error';
    return typeof code === 'string' && CODE.test(code) ? `${label} ${code}` : label;
  } catch {
    return 'unreadable error';
  }
}
