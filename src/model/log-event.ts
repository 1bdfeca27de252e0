// SPDX-License-Identifier: Apache-2.0
import type { AttributeValue } from './experiment-event.js';

/** The request body of Optimizely's Events API. */
export interface EventBatchParams {
  account_id: string;
  project_id: string;
  revision: string;
  client_name: string;
  client_version: string;
  anonymize_ip: boolean;
  enrich_decisions: boolean;
  visitors: Visitor[];
}

/** One event and whose it is. */
export interface Visitor {
  visitor_id: string;
  attributes: VisitorAttribute[];
  snapshots: Snapshot[];
}

/** A user attribute, or the project's bot filtering. */
export interface VisitorAttribute {
  entity_id: string;
  key: string;
  type: 'custom';
  value: AttributeValue;
}

/** An impression has a decision, a conversion has none. */
export interface Snapshot {
  decisions?: Decision[];
  events: SnapshotEvent[];
}

/** Which variation of which experiment was shown. */
export interface Decision {
  campaign_id: string | null;
  experiment_id: string;
  variation_id: string | null;
  metadata: {
    flag_key: string;
    rule_key: string;
    rule_type: string;
    variation_key: string;
    enabled: boolean;
    cmab_uuid?: string;
  };
}

/** What happened, and when. */
export interface SnapshotEvent {
  entity_id: string | null;
  /** Milliseconds since the epoch. */
  timestamp: number;
  key: string;
  uuid: string;
  /** Cents. */
  revenue?: number;
  value?: number;
  tags?: Record<string, unknown>;
}

/**
 * One request to Optimizely's Events API, as dispatchers and `LOG_EVENT` listeners see it. All members are own
 * and enumerable.
 */
export interface LogEvent {
  /** `POST` for all that this package builds; `GET` carries `params` in the query string. */
  httpVerb: 'POST' | 'GET';
  /** Where to send it: the Events API of the datafile's region, or the option `endpoint`. */
  url: string;
  /**
   * The batch as a plain object, made when it is first read. From then on it is what is sent, so a listener
   * that removes something here has removed it from the wire.
   */
  params: EventBatchParams;
  /** `Content-Type: application/json`, and what `strict` adds. */
  headers: Record<string, string>;
  /** The batch as JSON text. */
  body: string;
}

/** A `LogEvent` that may be a copy, or made for Optimizely's JavaScript SDK, which knows no `headers` or `body`. */
export type LogEventLike = Pick<LogEvent, 'url'> &
  Partial<Omit<LogEvent, 'url' | 'httpVerb' | 'params'>> & {
    httpVerb?: string | undefined;
    params?: unknown;
  };
