// SPDX-License-Identifier: Apache-2.0
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { EVENTS_PATH, type Runtime, systemRuntime } from 'opentelemetry-exporter-optimizely/testing';
import type { InspectedBatch } from '../inspection/inspected-batch.js';
import type { Inspection } from '../inspection/inspection.js';
import { tickOf } from '../view/overview.js';
import type { DatafileState } from '../view/types.js';
import { Api } from './api.js';
import { ChangeStream } from './change-stream.js';
import { type Forward, Intake } from './intake.js';
import { refusalOf } from './request-guard.js';
import { sendText, setSecurityHeaders } from './responses.js';
import { SAMPLE_PROGRAM_PATH, type ServedFiles } from './served-files.js';

export interface InspectServerOptions {
  readonly inspection: Inspection;
  readonly datafile: () => DatafileState;
  /** TCP port on 127.0.0.1; 0: any free one. */
  readonly port: number;
  /** Undefined for the Events endpoint alone. */
  readonly page: ServedFiles | undefined;
  /** The sample project, if it is shown. */
  readonly sample?: ServedFiles | undefined;
  readonly forward?: Forward | undefined;
  readonly forwardsTo?: () => string | undefined;
  readonly onBatch?: (batch: InspectedBatch) => void;
  readonly onRefused?: (answer: { readonly status: number; readonly message?: string }) => void;
  readonly runtime?: Runtime;
}

export interface InspectServer {
  /** `http://127.0.0.1:PORT/` */
  readonly url: string;
  /** Ends all connections and frees the port. */
  close(): Promise<void>;
}

/** Listens on 127.0.0.1 alone: an Events endpoint, the page, and what the page asks. Rejects where the port is taken. */
export async function startInspectServer(options: InspectServerOptions): Promise<InspectServer> {
  const { inspection, datafile, page, sample, runtime = systemRuntime } = options;
  const stream = new ChangeStream(runtime, () => tickOf(inspection));
  const intake = new Intake({ ...options, now: () => runtime.now() });
  let bound = options.port;
  const origin = () => `http://127.0.0.1:${bound}`;
  const api = new Api({
    inspection,
    stream,
    datafile,
    startedAt: runtime.now(),
    endpoint: () => `${origin()}${EVENTS_PATH}`,
    forwardsTo: options.forwardsTo ?? (() => undefined),
    sampleProgram: () => sample && `${origin()}${SAMPLE_PROGRAM_PATH}`,
  });
  inspection.onChange(() => stream.changed());

  /** What can't be shown must not end the endpoint that events are sent to. */
  const answerApi = (request: IncomingMessage, response: ServerResponse, url: URL) => {
    try {
      api.answer(request, response, url);
    } catch (error) {
      sendText(response, 500, `the inspector failed: ${error instanceof Error ? error.message : 'unknown'}`);
    }
  };
  const answer = (request: IncomingMessage, response: ServerResponse) => {
    setSecurityHeaders(response);
    const refusal = refusalOf(request, bound);
    const url = readUrl(request, origin());
    const serve = (files: ServedFiles | undefined) =>
      request.method === 'GET' && files?.serve(url.pathname, response, origin()) === true;
    if (refusal !== undefined) {
      // A page elsewhere could send any number of them: they are counted, and take no room in the list.
      if (request.method === 'POST' && url.pathname === EVENTS_PATH) inspection.block(refusal);
      refuse(request, response, refusal);
    } else if (serve(sample)) return;
    else if (page === undefined || isForIntake(request, url)) void intake.answer(request, response);
    else if (url.pathname.startsWith('/api/')) answerApi(request, response, url);
    else if (!serve(page)) sendText(response, 404, 'there is nothing here');
  };
  const server = createServer(answer);
  server.listen(options.port, '127.0.0.1');
  await once(server, 'listening');
  bound = (server.address() as AddressInfo).port;

  return {
    url: `${origin()}/`,
    close: () =>
      new Promise(resolve => {
        stream.close();
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** What a browser asks for is of the page; anything else was meant to bring events, and is shown where it went wrong. */
function isForIntake({ method }: IncomingMessage, { pathname }: URL): boolean {
  return pathname === EVENTS_PATH || (method !== 'GET' && method !== 'HEAD' && !pathname.startsWith('/api/'));
}

/** A malformed path becomes one that leads nowhere. */
function readUrl({ url = '' }: IncomingMessage, origin: string): URL {
  return new URL(URL.canParse(url, origin) ? url : '/malformed', origin);
}

/** What is not read is not kept, and a client that is still writing would not see the answer. */
function refuse(request: IncomingMessage, response: ServerResponse, reason: string): void {
  request.resume();
  response.setHeader('connection', 'close');
  sendText(response, 403, reason);
}
