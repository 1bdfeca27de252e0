// SPDX-License-Identifier: Apache-2.0

import { safeText } from 'opentelemetry-exporter-optimizely/testing';
import type { BatchRow, EventRow, ProblemView } from '../view/types.js';
import { counted } from './counted.js';

type Style = (color: 'red' | 'yellow' | 'dim', text: string) => string;

/** One line for a batch. */
export function batchLine(row: BatchRow, style: Style): string {
  const facts = [
    counted(row.events, 'event'),
    counted(row.visitors, 'visitor'),
    counted(row.byteLength, 'byte'),
    row.cause && `closed by ${row.cause}`,
    row.revision && `revision ${safeText(row.revision)}`,
    row.status !== undefined && `${row.forwarding ? 'Optimizely answered' : 'answered'} ${row.status}`,
  ];
  const line = `${timeOf(row.receivedAt)}  batch ${row.sequence}: ${facts.filter(Boolean).join(', ')}`;
  return `${style('dim', line)}${problemsOf(row.problems, style)}`;
}

/** One line for an event, its problems included. */
export function eventLine(row: EventRow, style: Style): string {
  const what =
    row.type === 'impression'
      ? `${row.subject} → ${row.detail || 'no variation'}`
      : [row.subject, row.detail].filter(Boolean).join(', ');
  const flag = row.flagKey !== '' && row.flagKey !== row.subject ? `  flag ${safeText(row.flagKey)}` : '';
  const trace =
    row.traceId === undefined ? '' : style('dim', `  trace ${row.traceId} span ${row.spanId ?? ''}`);
  return `${timeOf(row.timestamp)}  ${row.type}  ${safeText(what)}${flag}  visitor ${safeText(row.visitorId)}${trace}${problemsOf(row.problems, style)}`;
}

export function problemText({ code, severity, message }: ProblemView, style: Style): string {
  const text = `${code}: ${safeText(message)}`;
  return severity === 'lost' ? style('red', `✕ ${text}`) : style('yellow', `! ${text}`);
}

function problemsOf(problems: readonly ProblemView[], style: Style): string {
  return problems.map(problem => `  ${problemText(problem, style)}`).join('');
}

/** Local time of day. */
function timeOf(millis: number | null): string {
  if (millis === null || Math.abs(millis) > 8.64e15) return '--:--:--.---';
  const date = new Date(millis);
  const two = (part: number) => String(part).padStart(2, '0');
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}.${String(date.getMilliseconds()).padStart(3, '0')}`;
}
