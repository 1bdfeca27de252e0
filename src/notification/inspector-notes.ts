// SPDX-License-Identifier: Apache-2.0

import type { LogEvent } from '../model/log-event.js';
import type { LogEventInfo, NotificationSender } from '../model/notification.js';
import { NotificationType } from '../model/notification.js';
import { isObject, objectsOf } from '../util/json.js';
import { keepNewest } from '../util/keep-newest.js';

/** The inspector's answers have it. */
const WANTED_HEADER = 'x-optimizely-inspect';
const CAUSE_HEADER = 'X-Optimizely-Inspect-Cause';
const SPANS_HEADER = 'X-Optimizely-Inspect-Spans';
/** Servers refuse requests with longer headers; the events past it are shown without their spans. */
const MOST_SPANS = 150;
const MOST_NOTED = 10_000;

/**
 * Tells the event inspector what no batch says: why it was closed, and which spans its events were recorded on. Only an
 * endpoint on this machine that has asked for it in an answer is told: a proxy there passes headers on, and looking each
 * event up costs more than recording it.
 */
export class InspectorNotes {
  readonly #spans = new Map<string, string>();
  #areWanted = false;

  /** undefined: events leave the machine, and nothing is ever told. */
  static for(endpoint: string | undefined): InspectorNotes | undefined {
    return isLoopback(endpoint) ? new InspectorNotes() : undefined;
  }

  answered(headers: Readonly<Record<string, unknown>>): void {
    this.#areWanted = headers[WANTED_HEADER] === 'notes';
  }

  /** @param span anything with the `spanContext()` of OpenTelemetry's spans; what has none is passed over */
  note(uuid: string, span: object): void {
    if (!this.#areWanted) return;
    try {
      const { traceId, spanId } = (
        span as { spanContext(): { traceId: string; spanId: string } }
      ).spanContext();
      this.#spans.set(uuid, `${traceId}-${spanId}`);
      keepNewest(this.#spans, MOST_NOTED);
    } catch {
      // A broken span is shown as none.
    }
  }

  /** Adds the notes to each LogEvent, after the listeners have seen it. */
  addTo(sender: NotificationSender): NotificationSender {
    return {
      sendNotifications: (type, ...payload) => {
        sender.sendNotifications(type, ...payload);
        if (type !== NotificationType.LOG_EVENT || !this.#areWanted) return;
        const [logEvent, { cause }] = payload as unknown as [LogEvent, LogEventInfo];
        logEvent.headers[CAUSE_HEADER] = cause;
        const spans = this.#spansOf(logEvent);
        if (spans !== undefined) logEvent.headers[SPANS_HEADER] = spans;
      },
    };
  }

  /** One an event, in order; `''` where there is none. undefined: there is none at all. */
  #spansOf(logEvent: LogEvent): string | undefined {
    const uuids = uuidsOf(logEvent).slice(0, MOST_SPANS);
    const spans = uuids.map(uuid => this.#spans.get(String(uuid)) ?? '');
    return spans.some(span => span !== '') ? spans.join(',') : undefined;
  }
}

/** Whether events stay on this machine. http alone: no certificate is needed to talk to oneself. */
function isLoopback(endpoint: string | undefined): boolean {
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
