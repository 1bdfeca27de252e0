// SPDX-License-Identifier: Apache-2.0
import type { LedgerSnapshot } from 'opentelemetry-exporter-optimizely';

/** A gateway that runs. */
export interface Gateway {
  /** Where senders send to, such as `http://127.0.0.1:4318`. */
  readonly url: string;
  /** What it listens on. */
  readonly address: { readonly address: string; readonly port: number };
  /** Whether a project takes events now. */
  readonly ready: boolean;
  /**
   * Reads the configuration file, tokens, and certificates again. Projects that did not change notice nothing. What
   * can't be used changes nothing and is logged.
   *
   * @returns a promise of what can't be used, as sentences. It never rejects, and resolves when the projects that were
   * replaced have delivered what they had
   */
  reload(): Promise<readonly string[]>;
  /** Where the events of each project are, by its name. */
  ledger(): Readonly<Record<string, LedgerSnapshot>>;
  /**
   * Ends: refuses requests from now on, delivers what was taken, answers the requests in flight, and frees the port.
   *
   * @returns a promise, the same for all calls, that never rejects
   */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}
