// SPDX-License-Identifier: Apache-2.0
import { isObject, objectsOf } from '../model/json.js';
import type { LogEvent } from '../model/log-event.js';
import type { LogEventInfo, NotificationSender } from '../model/notification.js';
import { NotificationType } from '../model/notification.js';

const CAUSE_HEADER = 'X-Optimizely-Inspect-Cause';
const SPANS_HEADER = 'X-Optimizely-Inspect-Spans';
/** Servers refuse requests with longer headers; the events past it are shown without their spans. */
const MOST_SPANS = 150;
const MOST_NOTED = 10_000;

/** Which span each of the latest events was recorded on. */
export class SpanNotes {
  readonly #noted = new Map<string, string>();

  /** @param span anything with the `spanContext()` of OpenTelemetry's spans; what has none is passed over */
  note(uuid: string, span: object): void {
    try {
      const { traceId, spanId } = (
        span as { spanContext(): { traceId: string; spanId: string } }
      ).spanContext();
      this.#noted.set(uuid, `${traceId}-${spanId}`);
      if (this.#noted.size > MOST_NOTED) this.#forgetOldest();
    } catch {
      // A broken span is shown as none.
    }
  }

  /** One an event, in order; `''` where there is none. undefined: there is none at all. */
  of(uuids: readonly unknown[]): string | undefined {
    const spans = uuids.slice(0, MOST_SPANS).map(uuid => this.#noted.get(String(uuid)) ?? '');
    return spans.some(span => span !== '') ? spans.join(',') : undefined;
  }

  #forgetOldest(): void {
    for (const uuid of this.#noted.keys()) {
      this.#noted.delete(uuid);
      return;
    }
  }
}

/**
 * Tells the event inspector what no batch says: why it was closed, and which spans its events were recorded on.
 *
 * @param spans undefined: events leave the machine, and nothing is told
 */
export function withInspectorNotes(
  sender: NotificationSender,
  spans: SpanNotes | undefined,
): NotificationSender {
  if (spans === undefined) return sender;
  return {
    sendNotifications(type, ...payload) {
      sender.sendNotifications(type, ...payload);
      if (type !== NotificationType.LOG_EVENT) return;
      const [logEvent, { cause }] = payload as unknown as [LogEvent, LogEventInfo];
      logEvent.headers[CAUSE_HEADER] = cause;
      const noted = spans.of(uuidsOf(logEvent));
      if (noted !== undefined) logEvent.headers[SPANS_HEADER] = noted;
    },
  };
}

/** Whether events stay on this machine. http alone: no certificate is needed to talk to oneself. */
export function isLoopback(endpoint: string | undefined): boolean {
  if (typeof endpoint !== 'string' || !URL.canParse(endpoint)) return false;
  const { protocol, hostname } = new URL(endpoint);
  return protocol === 'http:' && /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/.test(hostname);
}

/** From the text: looking at `params` would change how the LogEvent is sent. */
function uuidsOf({ body }: LogEvent): unknown[] {
  const params: unknown = JSON.parse(body);
  const visitors = isObject(params) ? objectsOf(params.visitors) : [];
  return visitors
    .flatMap(visitor => objectsOf(visitor.snapshots))
    .flatMap(snapshot => objectsOf(snapshot.events))
    .map(event => event.uuid);
}
