// SPDX-License-Identifier: Apache-2.0
//
// Optimizely calls a webhook when a datafile has changed: Settings > Webhooks of a project. It signs the request's body with
// the secret that it showed when the webhook was made: https://docs.developers.optimizely.com/feature-experimentation/docs/configure-webhooks
import { createHmac, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, RequestListener } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import type { StaticProjectConfigManager } from 'opentelemetry-exporter-optimizely';

export interface DatafileWebhookOptions {
  readonly secret: string;
  /** Of your environment. Not taken from the request, so that nobody can have something else fetched. */
  readonly datafileUrl: string;
  /** A project's webhooks are called for all its environments. */
  readonly environment: string;
  readonly projectConfigManager: StaticProjectConfigManager;
  /** The CDN may serve the old revision for a moment. @default 2_000 */
  readonly pauseMillis?: number;
}

const MAX_BODY_BYTES = 65_536;
const MOST_FETCHES = 5;

/** Answers 204 and fetches the datafile; 401 without the right signature, 413 and 400 to what can't be read. */
export function datafileWebhook(options: DatafileWebhookOptions): RequestListener {
  return async (request, response) => {
    try {
      const body = await read(request);
      const change =
        body && isSigned(body, request.headers['x-hub-signature'], options.secret) && parse(body);
      if (body === undefined) response.statusCode = 413;
      else if (change === false) response.statusCode = 401;
      else response.statusCode = change === undefined ? 400 : 204;
      response.end();
      if (change && isOurs(change, options.environment)) await update(options, Number(change.data?.revision));
    } catch (error) {
      console.error('the datafile could not be updated:', error);
    }
  };
}

/** `sha1=` and the HMAC-SHA-1 of the body, in hexadecimal. Compared in constant time: else it can be guessed bit by bit. */
export function isSigned(body: Buffer, signature: unknown, secret: string): boolean {
  const expected = createHmac('sha1', secret).update(body).digest();
  const given = Buffer.from(/^sha1=([0-9a-f]{40})$/i.exec(String(signature))?.[1] ?? '', 'hex');
  return given.length === expected.length && timingSafeEqual(given, expected);
}

async function update(options: DatafileWebhookOptions, revision: number): Promise<void> {
  const { datafileUrl, projectConfigManager, pauseMillis = 2_000 } = options;
  for (let fetches = 1; fetches <= MOST_FETCHES; fetches++) {
    const response = await fetch(datafileUrl, { signal: AbortSignal.timeout(10_000) });
    if (!response.ok) throw new Error(`status ${response.status}`);
    const datafile = (await response.json()) as Record<string, unknown>;
    const inForce = Number(projectConfigManager.getConfig()?.context.revision ?? 0);
    // Two calls may overtake each other.
    if (inForce >= revision) return;
    if (Number(datafile.revision) >= revision) {
      projectConfigManager.setDatafile(datafile);
      return;
    }
    await pause(pauseMillis, undefined, { ref: false });
  }
  throw new Error(`revision ${revision} is not served yet`);
}

/** undefined: too long. It is read to its end all the same, without keeping it: only then does the other side listen. */
async function read(request: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    bytes += chunk.length;
    if (bytes <= MAX_BODY_BYTES) chunks.push(chunk);
  }
  return bytes <= MAX_BODY_BYTES ? Buffer.concat(chunks) : undefined;
}

interface Change {
  readonly event?: string;
  readonly data?: { readonly revision?: number; readonly environment?: string };
}

/** undefined: not JSON, or not an object. */
function parse(body: Buffer): Change | undefined {
  try {
    const change: unknown = JSON.parse(body.toString());
    return typeof change === 'object' && change !== null ? change : undefined;
  } catch {
    return undefined;
  }
}

function isOurs({ event, data }: Change, environment: string): boolean {
  return event === 'project.datafile_updated' && data?.environment === environment;
}
