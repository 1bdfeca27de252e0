// SPDX-License-Identifier: Apache-2.0
//
// The shop's side of the demo: nothing here is needed in an application of your own.
import { type ExportResult, ExportResultCode, hrTimeToMilliseconds } from '@opentelemetry/core';
import type { ReadableSpan, SpanExporter } from '@opentelemetry/sdk-trace';
import {
  type NotificationCenter,
  NotificationType,
  type OptimizelySpanProcessor,
  type StaticProjectConfigManager,
} from 'opentelemetry-exporter-optimizely';
import type { PlainSpan, Report, Request } from './messages.js';
import { ENDPOINT_VARIABLE } from './settings.js';

/** @throws Error not started by the demo: these events must not go to Optimizely */
export function eventsEndpointOfDemo(): string {
  const endpoint = process.env[ENDPOINT_VARIABLE];
  if (process.send === undefined || endpoint === undefined) throw new Error('start me with: npm run demo');
  return endpoint;
}

/** Stands where your OTLP exporter stands: shows finished spans to the demo. */
export class ParentSpanExporter implements SpanExporter {
  export(spans: ReadableSpan[], resultCallback: (result: ExportResult) => void): void {
    tell({ tell: 'spans', spans: spans.map(plain) }, error =>
      resultCallback({ code: error ? ExportResultCode.FAILED : ExportResultCode.SUCCESS }),
    );
  }

  async shutdown(): Promise<void> {}
}

interface ShopParts {
  readonly url: string;
  readonly optimizely: OptimizelySpanProcessor;
  readonly projectConfigManager: StaticProjectConfigManager;
  readonly notificationCenter: NotificationCenter;
}

/** Does what the demo asks, and tells it of each batch. */
export function followDemo({ url, optimizely, projectConfigManager, notificationCenter }: ShopParts): void {
  notificationCenter.addNotificationListener(NotificationType.LOG_EVENT, ({ params }, { cause }) => {
    const uuids = params.visitors.flatMap(({ snapshots }) =>
      snapshots.flatMap(({ events }) => events.map(({ uuid }) => uuid)),
    );
    tell({ tell: 'batch', batch: { cause, firstUuid: uuids[0] ?? '', events: uuids.length } });
  });
  notificationCenter.addNotificationListener(NotificationType.EVENTS_DROPPED, ({ reason, count }) => {
    tell({ tell: 'dropped', reason, count });
  });
  process.on('message', async (request: Request) => {
    if (request.ask === 'publish') projectConfigManager.setDatafile(request.datafile);
    else await optimizely.flush();
    tell({ tell: 'done' });
  });
  // The demo was interrupted, and its Events endpoint ended with it: nothing is left to wait for.
  process.on('disconnect', () => process.exit(1));
  tell({ tell: 'open', url });
}

function tell(report: Report, done: (error: Error | null) => void = () => {}): void {
  process.send?.(report, undefined, undefined, done);
}

function plain(span: ReadableSpan): PlainSpan {
  const { traceId, spanId } = span.spanContext();
  return {
    traceId,
    spanId,
    parentSpanId: span.parentSpanContext?.spanId,
    name: span.name,
    kind: span.kind,
    startMillis: hrTimeToMilliseconds(span.startTime),
    durationMillis: hrTimeToMilliseconds(span.duration),
    attributes: span.attributes,
    events: span.events.map(({ name, time, attributes = {} }) => ({
      name,
      atMillis: hrTimeToMilliseconds(time),
      attributes,
    })),
  };
}
