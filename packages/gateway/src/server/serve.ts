// SPDX-License-Identifier: Apache-2.0
import type { AddressInfo } from 'node:net';
import type { SecureContextOptions } from 'node:tls';
import type { Logger } from 'opentelemetry-exporter-optimizely';
import type { Door } from '../model/door.js';
import type { ProjectState } from '../model/engine.js';
import type { FullReason } from '../model/receipt.js';
import type { Runtime } from '../model/runtime.js';
import { bearableConnections, openFilesLeft } from '../util/open-files.js';
import { RefusalLog } from '../util/refusal-log.js';
import { Access } from './access.js';
import { BearerTokens } from './bearer-tokens.js';
import { BodyUnpacker } from './body-unpacker.js';
import { ByteBudget } from './byte-budget.js';
import { type GatewayMetrics, observeGateway } from './gateway-metrics.js';
import { answerHealth, answerReadiness } from './health.js';
import { HttpServer } from './http-server.js';
import type { PrometheusPage } from './prometheus-page.js';
import { RequestHandler } from './request-handler.js';
import type { DoorName, Routes } from './routes.js';
import type { ResolvedServerOptions } from './server-options.js';
import { readTls, tlsPaths } from './tls-files.js';
import { TurnQueue } from './turn-queue.js';
import { WatchedFiles } from './watched-files.js';

export interface ServeOptions {
  readonly options: ResolvedServerOptions;
  readonly doors: Readonly<Record<DoorName, Door>>;
  readonly projects: () => readonly ProjectState[];
  /** Why no project has room for a sender, whose requests are refused before they are read then. */
  readonly whyFull: (sender: string) => FullReason | undefined;
  readonly page: PrometheusPage;
  readonly metrics: GatewayMetrics;
  readonly logger: Logger;
  readonly runtime: Runtime;
}

export interface Serving {
  readonly url: string;
  readonly address: AddressInfo;
  /** Reads the files of tokens and TLS again. @returns what is wrong with them */
  reload(): readonly string[];
  /** Other doors from here on. */
  useDoors(doors: Readonly<Record<DoorName, Door>>): void;
  /** From here on every request is told to go elsewhere; those in flight are answered. */
  drain(): void;
  close(): Promise<void>;
}

/** Listens. Rejects where a file can't be read or the port is taken. */
export async function serve(given: ServeOptions): Promise<Serving> {
  const { page, projects, logger, runtime } = given;
  const options = withBearableConnections(given);
  let { doors } = given;
  let isDraining = false;
  const tokens = watchTokens(given);
  let server: HttpServer | undefined;
  const tls = watchTls(given, changed => server?.useTls(changed));
  const access = new Access({ tokens, asksForCertificate: tls?.value.ca !== undefined });
  const budget = new ByteBudget(options.maxRequestBytesInFlight);
  const refusals = new RefusalLog(logger, runtime);
  const route = (name: DoorName) => ({ kind: 'door', name, door: doors[name] }) as const;
  const routes = (): Routes => ({
    '/v1/traces': route('traces'),
    '/v1/logs': route('logs'),
    '/v1/events': route('events'),
    '/healthz': { kind: 'page', isGuarded: false, answer: answerHealth },
    '/readyz': { kind: 'page', isGuarded: false, answer: () => answerReadiness(projects(), isDraining) },
    '/metrics': { kind: 'page', isGuarded: true, answer: () => page.answer() },
  });
  let current = routes();
  const turns = new TurnQueue(runtime);
  const handler = new RequestHandler({
    routes: () => current,
    access,
    budget,
    maxBodyBytes: options.maxBodyBytes,
    turns,
    unpacker: new BodyUnpacker(turns, options.maxBodyBytes),
    isDraining: () => isDraining,
    whyFull: given.whyFull,
    metrics: given.metrics,
    refusals,
    runtime,
  });
  server = new HttpServer({ limits: options, tls: tls?.value, handler, turns, refusals, logger, runtime });
  const listening = server;
  const closeFiles = () => {
    tokens?.close();
    tls?.close();
  };
  const address = await listening.listen().catch(error => {
    closeFiles();
    throw error;
  });
  observeGateway(page.meterProvider.getMeter('optimizely-event-gateway'), {
    projects,
    requestBytesInFlight: () => budget.used,
    connections: () => listening.connections,
  });
  if (access.isOpen && !isLoopback(address.address)) logger.warn(OPEN_TO_ALL);
  return {
    url: urlOf(address, tls !== undefined),
    address,
    reload: () => [tokens?.reload(), tls?.reload()].filter(problem => problem !== undefined),
    useDoors(changed) {
      doors = changed;
      current = routes();
    },
    drain() {
      isDraining = true;
      listening.dropIdle();
    },
    async close() {
      closeFiles();
      await listening.close();
    },
  };
}

function withBearableConnections({ options, projects, logger }: ServeOptions): ResolvedServerOptions {
  const maxConnections = bearableConnections(options.maxConnections, openFilesLeft(), projects().length);
  if (maxConnections < options.maxConnections) {
    logger.info(
      `at most ${maxConnections} connections are taken, and not ${options.maxConnections} (maxConnections): ` +
        'this process may not open more files; raise its limit (ulimit -n)',
    );
  }
  return { ...options, maxConnections };
}

const OPEN_TO_ALL =
  'every machine that reaches this address may send events into your experiments: ' +
  'ask for tokens with --token-file or for client certificates with --tls-client-ca, or listen on 127.0.0.1';

function watchTokens({ options, logger, runtime }: ServeOptions): WatchedFiles<BearerTokens> | undefined {
  const { tokenFile } = options;
  if (tokenFile === undefined) return undefined;
  const read = ([contents]: readonly Buffer[]) => BearerTokens.parse(String(contents));
  return new WatchedFiles({ name: 'the token file', paths: [tokenFile], read, logger, runtime });
}

function watchTls(
  { options, logger, runtime }: ServeOptions,
  onChange: (tls: SecureContextOptions) => void,
): WatchedFiles<SecureContextOptions> | undefined {
  const paths = tlsPaths(options);
  if (paths === undefined) return undefined;
  return new WatchedFiles({ name: 'the TLS files', paths, read: readTls, onChange, logger, runtime });
}

function isLoopback(address: string): boolean {
  return address === '::1' || /^(?:::ffff:)?127\./.test(address);
}

function urlOf({ address, family, port }: AddressInfo, isTls: boolean): string {
  const host = family === 'IPv6' ? `[${address}]` : address;
  return `${isTls ? 'https' : 'http'}://${host}:${port}`;
}
