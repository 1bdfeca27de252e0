// SPDX-License-Identifier: Apache-2.0
import type { Meter } from '@opentelemetry/api';
import type { StreamFigures } from '../model/engine.js';

const REASON = 'optimizely.gateway.parked.reason';

/** Registers the figures of the stream that a gateway delivers from. docs/gateway.md has the table. */
export function observeStream(meter: Meter, figures: () => StreamFigures | undefined): void {
  const gauge = (name: string, unit: string, description: string) =>
    meter.createObservableGauge(`optimizely.gateway.stream.${name}`, { unit, description });
  const messages = gauge('messages', '{message}', 'Messages that are not delivered yet.');
  const bytes = gauge('bytes', 'By', 'The same, in bytes.');
  const unacknowledged = gauge('unacknowledged', '{message}', 'Messages that gateways have in hand.');
  const redelivered = gauge('redelivered', '{message}', 'Messages that were given out more than once.');
  const counter = (name: string, description: string) =>
    meter.createObservableCounter(`optimizely.gateway.stream.${name}`, { unit: '{message}', description });
  const lost = counter('lost', 'Messages that left the stream before any gateway had them.');
  const parked = counter('parked', 'Messages that this gateway could not deliver and has parked.');
  meter.addBatchObservableCallback(
    result => {
      const now = figures();
      if (now === undefined) return;
      result.observe(messages, now.messages);
      result.observe(bytes, now.bytes);
      result.observe(unacknowledged, now.unacknowledged);
      result.observe(redelivered, now.redelivered);
      result.observe(lost, now.lost);
      for (const [reason, count] of now.parked) result.observe(parked, count, { [REASON]: reason });
    },
    [messages, bytes, unacknowledged, redelivered, lost, parked],
  );
}
