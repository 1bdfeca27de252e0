// SPDX-License-Identifier: Apache-2.0
import { request } from 'node:http';
import { systemRuntime } from 'opentelemetry-exporter-optimizely/testing';
import { Inspection, type InspectionOptions } from '../src/inspection/inspection.js';
import { readProject } from '../src/inspection/project.js';
import { type InspectServerOptions, startInspectServer } from '../src/server/inspect-server.js';
import { ServedFiles } from '../src/server/served-files.js';
import type { Detail, EventRow, Overview, RowsView } from '../src/view/types.js';

export const NOW = 1_700_000_000_000;
const PAGE = new URL('../dist/cli/page/', import.meta.url);

/** Two experiments with two variations each, one of them at 9:1; what they measure; an attribute. */
export function makeDatafile(overrides: Record<string, unknown> = {}): Record<string, unknown> {
  const allocation = (first: string, second: string, end: number) => [
    { entityId: first, endOfRange: end },
    { entityId: second, endOfRange: 10_000 },
  ];
  return {
    version: '4',
    accountId: 'account-1',
    projectId: 'project-1',
    revision: '7',
    experiments: [
      {
        id: '100',
        key: 'banner',
        layerId: '10',
        status: 'Running',
        variations: [
          { id: '1001', key: 'control' },
          { id: '1002', key: 'treatment' },
        ],
        trafficAllocation: allocation('1001', '1002', 5_000),
      },
      {
        id: '200',
        key: 'checkout_test',
        layerId: '20',
        status: 'Running',
        variations: [
          { id: '2001', key: 'old' },
          { id: '2002', key: 'new' },
        ],
        trafficAllocation: allocation('2001', '2002', 9_000),
      },
    ],
    featureFlags: [{ id: '50', key: 'checkout', experimentIds: ['200'], rolloutId: '', variables: [] }],
    events: [
      { id: '300', key: 'purchase', experimentIds: ['100', '200'] },
      { id: '301', key: 'signup', experimentIds: ['100'] },
    ],
    attributes: [{ id: '400', key: 'plan' }],
    rollouts: [],
    groups: [],
    ...overrides,
  };
}

interface Parts {
  visitorId?: string;
  uuid?: string;
  timestamp?: number;
  attributes?: readonly object[];
  event?: Record<string, unknown>;
  decision?: Record<string, unknown>;
  metadata?: Record<string, unknown>;
}

let made = 0;

/** An impression of `banner`, ten seconds ago. */
export function impression({ visitorId = 'ada', attributes = [], decision, metadata, ...rest }: Parts = {}) {
  const decided = {
    campaign_id: '10',
    experiment_id: '100',
    variation_id: '1001',
    metadata: {
      flag_key: '',
      rule_key: 'banner',
      rule_type: 'experiment',
      variation_key: 'control',
      enabled: true,
      ...metadata,
    },
    ...decision,
  };
  const event = {
    entity_id: decided.campaign_id,
    key: 'campaign_activated',
    timestamp: rest.timestamp ?? NOW - 10_000,
    uuid: rest.uuid ?? `impression-${++made}`,
    ...rest.event,
  };
  return { visitor_id: visitorId, attributes, snapshots: [{ decisions: [decided], events: [event] }] };
}

/** A `purchase`, five seconds ago. */
export function conversion({ visitorId = 'ada', attributes = [], ...rest }: Parts = {}) {
  const event = {
    entity_id: '300',
    key: 'purchase',
    timestamp: rest.timestamp ?? NOW - 5_000,
    uuid: rest.uuid ?? `conversion-${++made}`,
    ...rest.event,
  };
  return { visitor_id: visitorId, attributes, snapshots: [{ events: [event] }] };
}

export function batchOf(visitors: readonly unknown[], overrides: Record<string, unknown> = {}) {
  return {
    account_id: 'account-1',
    project_id: 'project-1',
    revision: '7',
    client_name: 'test',
    client_version: '1',
    anonymize_ip: false,
    enrich_decisions: true,
    visitors,
    ...overrides,
  };
}

export interface Answer {
  readonly status: number;
  readonly text: string;
  readonly headers: Record<string, string | string[] | undefined>;
}

/** A request with any headers, also those that `fetch` keeps to itself. */
export function ask(
  url: string,
  {
    method = 'GET',
    headers = {},
    body,
  }: { method?: string; headers?: Record<string, string>; body?: string | Buffer } = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { method, headers, agent: false }, response => {
      const chunks: Buffer[] = [];
      response.on('data', chunk => chunks.push(chunk));
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          text: Buffer.concat(chunks).toString(),
          headers: response.headers,
        }),
      );
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

type Options = Partial<Omit<InspectServerOptions, 'datafile'> & InspectionOptions> & {
  datafile?: object;
  now?: () => number;
};

/** An inspector whose clock stands at `NOW`. Close it with `await using`. */
export async function makeInspector({ datafile, now = () => NOW, ...options }: Options = {}) {
  const project = datafile === undefined ? undefined : readProject(JSON.stringify(datafile));
  const inspection = new Inspection({
    maxEvents: 100_000,
    maxBytes: 100_000_000,
    project: () => project,
    ...options,
  });
  const server = await startInspectServer({
    inspection,
    datafile: () => ({ state: 'none' }),
    port: 0,
    page: await ServedFiles.page(PAGE),
    runtime: { ...systemRuntime, now },
    ...options,
  });
  const post = (body: string | Buffer | object, headers: Record<string, string> = {}) =>
    ask(`${server.url}v1/events`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body),
    });
  const get = async <T>(path: string): Promise<T> => {
    const { status, text } = await ask(`${server.url}${path}`);
    if (status !== 200) throw new Error(`${path}: ${status} ${text}`);
    return JSON.parse(text) as T;
  };
  return {
    url: server.url,
    inspection,
    post,
    get,
    /** Sends visitors as one batch. */
    send: (...visitors: unknown[]) => post(batchOf(visitors)),
    overview: () => get<Overview>('api/overview'),
    rows: (query: Record<string, string | number> = {}) => {
      const search = new URLSearchParams();
      for (const [name, value] of Object.entries(query)) search.set(name, String(value));
      return get<RowsView>(`api/rows?${search}`);
    },
    detail: (sequence: number, index?: number) =>
      get<Detail>(`api/batches/${sequence}${index === undefined ? '' : `/${index}`}`),
    [Symbol.asyncDispose]: () => server.close(),
  };
}

export type Inspector = Awaited<ReturnType<typeof makeInspector>>;

/** Codes of the problems of each event that is shown, the newest batch first, by their uuids' order in it. */
export async function codesOf(
  inspector: Inspector,
  query: Record<string, string | number> = {},
): Promise<string[][]> {
  return eventsOf(await inspector.rows({ count: 500, ...query })).map(({ problems }) =>
    problems.map(({ code }) => code),
  );
}

export function eventsOf({ rows }: RowsView): EventRow[] {
  return rows.filter(row => row.kind === 'event');
}
