// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { StaticProjectConfigManager, UserEventFactory } from 'opentelemetry-exporter-optimizely';
import { readExperimentEvent } from 'opentelemetry-exporter-optimizely/capture';
import { type Gateway, startGateway } from 'optimizely-event-gateway';
import type { OtlpExport } from '../../packages/gateway/src/model/otlp-event.js';
import { decodeExport } from '../../packages/gateway/src/otlp/decode.js';
import { eventNames } from '../../packages/gateway/src/otlp/event-names.js';
import { decode } from '../../packages/gateway/test/support/otlp-schema.js';
import { end, send } from '../harness/child.js';
import { Lateness } from './lateness.js';

/**
 * `floor` reads the same requests with the same code and answers 200; `texts` also makes the uuid and the text of each
 * event, and forgets them; `whole-schema` reads them with protobufjs, as a server without a reader of its own would.
 */
export type Kind = 'gateway' | 'gateway-with-store' | 'floor' | 'texts' | 'whole-schema';

/** What the process has spent since it began, and what it holds. */
export interface Figures {
  readonly cpuMicros: number;
  readonly heapBytes: number;
  readonly rssBytes: number;
  readonly peakRssBytes: number;
  readonly storeBytes: number;
  /** Events that it has and has not delivered. */
  readonly pending: number;
  /** Since the latest `collect`: the slowest answer 503, from the request's head on, milliseconds of CPU time. */
  readonly slowestRefusalMillis: number;
  /** Since the latest `collect`: the longest turn of the event loop, milliseconds of CPU time. */
  readonly longestTurnMillis: number;
}

// A process of its own. It tells its port, and its figures for each message; `collect` collects garbage first.
const [kind, endpoint, datafile] = process.argv.slice(2) as [Kind, string, string];
let lateness: Lateness | undefined;
const store = kind === 'gateway-with-store' ? mkdtempSync(join(tmpdir(), 'bench-gateway-')) : undefined;
let gateway: Gateway | undefined;

async function listen(): Promise<number> {
  if (kind === 'gateway' || kind === 'gateway-with-store') {
    gateway = await startGateway({ datafile, endpoint, store, port: 0, logLevel: 'silent' });
    return gateway.address.port;
  }
  const read = readerOf(kind);
  const server = createServer(async (request, response) => {
    read(await bodyOf(request));
    response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end();
  });
  server.keepAliveTimeout = 120_000;
  await new Promise<void>(resolve => server.listen({ port: 0, host: '127.0.0.1', backlog: 1_024 }, resolve));
  return (server.address() as AddressInfo).port;
}

/** As it is done where nothing is limited. `node:stream/consumers` would copy it once more. */
function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  return new Promise(resolve => {
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => resolve(Buffer.concat(chunks)));
  });
}

function readerOf(peer: Exclude<Kind, 'gateway' | 'gateway-with-store'>): (body: Buffer) => void {
  const names = eventNames(false);
  switch (peer) {
    case 'floor':
      return body => void decodeExport('traces', 'protobuf', body, names);
    case 'texts':
      return body => makeTexts(decodeExport('traces', 'protobuf', body, names));
    case 'whole-schema':
      return body => void decode('ExportTraceServiceRequest', body);
  }
}

const factory = new UserEventFactory();
const index = new StaticProjectConfigManager({ datafile: readFileSync(datafile, 'utf8') }).getConfig();

function makeTexts({ events }: OtlpExport): void {
  for (const { name, attributes, timeUnixNano, traceId, spanId } of events) {
    const read = readExperimentEvent({ name, attributes, time: timeUnixNano }, { traceId, spanId });
    if (read?.kind !== 'event' || index === undefined) throw new Error('an event was not read');
    const made = factory.createUserEvent(read.event, index, performance.now());
    if ('reason' in made) throw new Error(`an event has no text: ${made.reason}`);
  }
}

function figures(): Figures {
  const { user, system } = process.cpuUsage();
  const { heapUsed, arrayBuffers, rss } = process.memoryUsage();
  return {
    cpuMicros: user + system,
    heapBytes: heapUsed + arrayBuffers,
    rssBytes: rss,
    peakRssBytes: process.resourceUsage().maxRSS * 1024,
    storeBytes: store === undefined ? 0 : bytesIn(store),
    slowestRefusalMillis: lateness?.slowestRefusalMillis ?? 0,
    longestTurnMillis: lateness?.longestTurnMillis ?? 0,
    pending: Object.values(gateway?.ledger() ?? {}).reduce((sum, { pending }) => sum + pending, 0),
  };
}

function bytesIn(folder: string): number {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter(entry => entry.isFile());
  return files.reduce((sum, { parentPath, name }) => sum + statSync(join(parentPath, name)).size, 0);
}

await send(await listen());
process.on('message', message => {
  if (message === 'collect') {
    globalThis.gc?.();
    lateness ??= new Lateness();
    lateness.reset();
  }
  void send(figures());
});
process.on('disconnect', () => {
  if (store !== undefined) rmSync(store, { recursive: true, force: true });
  end();
});
