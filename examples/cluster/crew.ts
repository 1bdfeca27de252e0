// SPDX-License-Identifier: Apache-2.0
import type { LedgerSnapshot } from 'opentelemetry-exporter-optimizely';

/** Workers, of either kind, that together are the shop. */
export interface Crew {
  readonly title: string;
  /** Starts one more. @returns its name */
  start(): Promise<string>;
  /** Lets a visitor in, and says who served them and what was recorded. */
  visit(visitorId: string): Promise<Visit>;
  /** Has one send what it has queued. */
  flush(name: string): void;
  /** Ends one without asking it. */
  kill(name: string): Promise<void>;
  /** Shuts all of them down. @returns what they say of their events, by name */
  end(): Promise<Map<string, LedgerSnapshot>>;
}

export interface Visit {
  readonly uuid: string | undefined;
  readonly by: string;
}
