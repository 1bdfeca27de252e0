// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Gateway, type GatewayOptions, startGateway } from 'optimizely-event-gateway';
import { RecordingLogger } from '../../../../test/support/fakes.js';

const gateways: Gateway[] = [];
const folders: string[] = [];

/** A gateway on any free port. */
export async function startTestGateway(options: GatewayOptions) {
  const logger = new RecordingLogger();
  const gateway = await startGateway({ port: 0, logger, ...options });
  gateways.push(gateway);
  return { gateway, url: gateway.url, logger };
}

export async function closeGateways(): Promise<void> {
  await Promise.all(gateways.splice(0).map(gateway => gateway.close()));
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
}

export function makeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'gateway-'));
  folders.push(folder);
  return folder;
}

/** @returns the path of the file */
export function writeJson(folder: string, name: string, content: unknown): string {
  const path = join(folder, name);
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}

let spans = 0;

/** An OTLP/JSON request as a service of another language sends it: one span with one conversion for each user. */
export function conversions(userIds: readonly string[], attributes: Record<string, string> = {}): string {
  const attribute = ([key, stringValue]: [string, string]) => ({ key, value: { stringValue } });
  const resource = Object.entries({
    'telemetry.sdk.language': 'python',
    'service.name': 'shop',
    ...attributes,
  });
  const events = userIds.map((userId, index) => ({
    name: 'optimizely.conversion',
    timeUnixNano: String(1_700_000_000_000_000_000n + BigInt(index) * 1_000_000n),
    attributes: [
      attribute(['feature_flag.context.id', userId]),
      attribute(['optimizely.event.key', 'purchase']),
    ],
  }));
  const spanId = (++spans).toString(16).padStart(16, '0');
  const span = { traceId: spanId.padStart(32, 'a'), spanId, name: 'checkout', events };
  return JSON.stringify({
    resourceSpans: [{ resource: { attributes: resource.map(attribute) }, scopeSpans: [{ spans: [span] }] }],
  });
}

export function sendTraces(
  url: string,
  body: string,
  headers: Record<string, string> = {},
): Promise<Response> {
  return fetch(`${url}/v1/traces`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body,
  });
}
