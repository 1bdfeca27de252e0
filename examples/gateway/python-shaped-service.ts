// SPDX-License-Identifier: Apache-2.0
import { gzipSync } from 'node:zlib';

const BEGAN = Date.now();
const PER_REQUEST = 25;
const VARIATIONS = ['mountains', 'beach'];

/**
 * Sends what a Python service does that emits log records with OpenTelemetry's logging API: OTLP requests of a few
 * records, compressed. docs/other-languages.md has the Python.
 */
export async function sendAsPython(url: string, visitors: number) {
  let requests = 0;
  for (let first = 0; first < visitors; first += PER_REQUEST) {
    const count = Math.min(PER_REQUEST, visitors - first);
    const logRecords = Array.from({ length: count }, (_, index) => recordsOf(first + index)).flat();
    const response = await fetch(`${url}/v1/logs`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'content-encoding': 'gzip' },
      body: new Uint8Array(gzipSync(JSON.stringify(requestOf(logRecords)))),
    });
    if (response.status !== 200) throw new Error(`the gateway answered ${response.status}`);
    requests++;
  }
  return { events: 2 * visitors, requests };
}

function recordsOf(visitor: number) {
  const userId = `python-${visitor}`;
  const impression = {
    'feature_flag.context.id': userId,
    'optimizely.rule.key': 'hero_banner',
    'feature_flag.result.variant': VARIATIONS[visitor % 2] ?? '',
    'optimizely.user.attributes': JSON.stringify({ device: 'phone' }),
  };
  const conversion = {
    'feature_flag.context.id': userId,
    'optimizely.event.key': 'purchase',
    'optimizely.event.tags': JSON.stringify({ revenue: 1_000 + visitor }),
  };
  return [
    record('optimizely.impression', BEGAN + visitor, impression),
    record('optimizely.conversion', BEGAN + visitor + 60_000, conversion),
  ];
}

function record(eventName: string, millis: number, attributes: Record<string, string>) {
  return { timeUnixNano: `${millis}000000`, eventName, attributes: attributesOf(attributes) };
}

function requestOf(logRecords: object[]) {
  const resource = {
    'service.name': 'shop',
    'service.instance.id': 'shop-1',
    'telemetry.sdk.language': 'python',
  };
  return {
    resourceLogs: [
      {
        resource: { attributes: attributesOf(resource) },
        scopeLogs: [{ scope: { name: 'shop' }, logRecords }],
      },
    ],
  };
}

function attributesOf(attributes: Record<string, string>) {
  return Object.entries(attributes).map(([key, stringValue]) => ({ key, value: { stringValue } }));
}
