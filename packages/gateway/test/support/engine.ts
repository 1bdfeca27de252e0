// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  ManualRuntime,
  type ReceivedBatch,
  startLocalEventsEndpoint,
} from 'opentelemetry-exporter-optimizely/testing';
import { makeDatafile } from '../../../../test/support/datafile.js';
import { RecordingLogger } from '../../../../test/support/fakes.js';
import { createEngine } from '../../src/engine.js';
import type { EventCount } from '../../src/model/engine.js';
import type { GatewayConfig, ProjectConfig } from '../../src/model/gateway-config.js';
import type { OtlpAttributes, OtlpEvent } from '../../src/model/otlp-event.js';
import type { Receipt } from '../../src/model/receipt.js';

export const NOW_NANOS = 1_700_000_000_123_000_000n;
export const SENDER = { name: 'test', project: undefined };

const opened: (() => unknown)[] = [];

/** Ends what the tests of a file opened, the latest first. */
export async function closeEngines(): Promise<void> {
  for (const close of opened.splice(0).reverse()) await close();
}

export function makeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'gateway-engine-'));
  // Where the clock of a test has ended a shutdown early, a store may still be writing.
  opened.push(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
  return folder;
}

/** The datafile of the tests in a file of its own. */
export function makeDatafileFile(): string {
  const path = join(makeFolder(), 'datafile.json');
  writeFileSync(path, JSON.stringify(makeDatafile()));
  return path;
}

/** Resolves once the condition holds: something else goes on meanwhile that makes it hold. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise(resolve => setImmediate(resolve));
}

export interface Destination {
  readonly url: string;
  /** Batches that were counted. */
  readonly batches: readonly ReceivedBatch[];
  /** Statuses for the next requests; then as Optimizely answers. A function decides by the batch. */
  answers: (number | ((batch: ReceivedBatch) => number | undefined))[];
  /** All requests, answered well or not. */
  readonly requests: number;
}

export async function startDestination(): Promise<Destination> {
  const answers: Destination['answers'] = [];
  let requests = 0;
  const endpoint = await startLocalEventsEndpoint({
    respond: batch => {
      requests++;
      const [first] = destination.answers;
      if (typeof first === 'function') return first(batch);
      return destination.answers.shift() as number | undefined;
    },
  });
  opened.push(() => endpoint.close());
  const destination: Destination = {
    url: endpoint.url,
    answers,
    get batches() {
      return endpoint.batches.filter(({ statusCode }) => statusCode < 300);
    },
    get requests() {
      return requests;
    },
  };
  return destination;
}

/** What Optimizely would count: entity, uuid and timestamp once. */
export function countedEvents({ batches }: Destination): string[] {
  const identities = batches.flatMap(({ params }) =>
    params.visitors.flatMap(({ snapshots }) =>
      snapshots.flatMap(({ events }) =>
        events.map(event => `${event.entity_id} ${event.uuid} ${event.timestamp}`),
      ),
    ),
  );
  return [...new Set(identities)];
}

export function userIds({ batches }: Destination): string[] {
  return batches.flatMap(({ params }) => params.visitors.map(({ visitor_id }) => visitor_id));
}

export interface EngineSetup {
  /** Of the project `shop`, over a datafile in a file. */
  readonly project?: Partial<ProjectConfig>;
  /** Undefined: the file is not there. */
  readonly datafile?: Record<string, unknown> | undefined;
  readonly config?: Partial<GatewayConfig>;
}

export async function makeEngine(setup: EngineSetup = {}) {
  const destination = await startDestination();
  const folder = makeFolder();
  const path = join(folder, 'datafile.json');
  const writeDatafile = (members: Record<string, unknown> = {}) =>
    writeFileSync(path, JSON.stringify(makeDatafile(members)));
  if (!('datafile' in setup)) writeDatafile();
  else if (setup.datafile !== undefined) writeDatafile(setup.datafile);
  const runtime = new ManualRuntime();
  const logger = new RecordingLogger();
  const counts: EventCount[] = [];
  const shop: ProjectConfig = {
    source: { kind: 'file', path },
    endpoint: destination.url,
    ...setup.project,
  };
  const engine = createEngine({
    config: { projects: { shop }, ...setup.config },
    logger,
    runtime,
    countEvents: count => counts.push(count),
  });
  opened.push(async () => {
    const closing = engine.close();
    let isClosed = false;
    void closing.then(() => {
      isClosed = true;
    });
    while (!isClosed) await runtime.advance(1_000);
  });
  const take = (
    events: readonly OtlpEvent[],
    sender: { name: string; project: string | undefined } = SENDER,
  ) => engine.otlp.take({ events, unreadable: [] }, sender);
  /** The receipt, with the open batches sent at their age. */
  const takeAndFlush = async (events: readonly OtlpEvent[], sender = SENDER): Promise<Receipt> => {
    const receipt = take(events, sender);
    await runtime.advance(2_001);
    return receipt;
  };
  const state = () => {
    const [first] = engine.projects();
    if (first === undefined) throw new Error('there is no project');
    return first;
  };
  return {
    engine,
    destination,
    runtime,
    logger,
    counts,
    folder,
    shop,
    writeDatafile,
    take,
    takeAndFlush,
    state,
  };
}

let made = 0;

function makeEvent(name: string, attributes: OtlpAttributes, overrides: Partial<OtlpEvent>): OtlpEvent {
  return {
    name,
    timeUnixNano: NOW_NANOS,
    traceId: '0af7651916cd43dd8448eb211c80319c',
    spanId: 'b7ad6b7169203331',
    resource: {},
    ...overrides,
    attributes: { ...attributes, ...overrides.attributes },
  };
}

/** A conversion of a user of its own, without a uuid. */
export function conversion(overrides: Partial<OtlpEvent> = {}): OtlpEvent {
  return makeEvent(
    'optimizely.conversion',
    { 'feature_flag.context.id': `user-${++made}`, 'optimizely.event.key': 'purchase' },
    overrides,
  );
}

export function impression(overrides: Partial<OtlpEvent> = {}): OtlpEvent {
  return makeEvent(
    'optimizely.impression',
    {
      'feature_flag.context.id': `user-${++made}`,
      'feature_flag.key': 'checkout',
      'feature_flag.result.variant': 'treatment',
      'optimizely.rule.key': 'checkout_test',
      'optimizely.rule.type': 'feature-test',
    },
    overrides,
  );
}
