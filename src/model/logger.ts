// SPDX-License-Identifier: Apache-2.0

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

export const noopLogger: Logger = { error() {}, warn() {}, info() {}, debug() {} };

/** A logger that throws must not reach the application through us. */
export function guardLogger(logger: Logger): Logger {
  const guard = (level: keyof Logger) => (message: string) => {
    try {
      logger[level](message);
    } catch {
      // There is nobody left to tell.
    }
  };
  return { error: guard('error'), warn: guard('warn'), info: guard('info'), debug: guard('debug') };
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

const NAME = /^[A-Za-z]{1,40}$/;
const CODE = /^[A-Z][A-Z0-9_]{1,40}$/;

/** What may be logged of an error: its class and code, as far as they look like it. A message can quote input. */
export function errorLabel(error: unknown): string {
  try {
    if (!(error instanceof Error)) return typeof error;
    const { name, code } = error as { name?: unknown; code?: unknown };
    const label = typeof name === 'string' && NAME.test(name) ? name : 'Error';
    return typeof code === 'string' && CODE.test(code) ? `${label} ${code}` : label;
  } catch {
    return 'unreadable error';
  }
}
