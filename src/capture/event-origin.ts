// SPDX-License-Identifier: Apache-2.0

import type { EmittedLogRecord } from '../model/log-record-port.js';
import { ATTR_SERVICE_INSTANCE_ID } from '../model/semantic-conventions.js';
import { memberOf } from '../util/own-members.js';
import type { EventOrigin } from './raw-event.js';

/** Reads the ids of a span. @returns undefined if the span has none that could be read */
export function originOfSpan(span: object): EventOrigin | undefined {
  try {
    const spanContext = memberOf(span as { spanContext?(): EventOrigin }, 'spanContext');
    return spanContext?.call(span);
  } catch {
    return undefined;
  }
}

/** Reads the ids of a log record's span; without one, which instance of the service emitted the record. */
export function originOfRecord({ spanContext, resource }: EmittedLogRecord): EventOrigin | undefined {
  if (spanContext !== undefined) return spanContext;
  try {
    return { serviceInstanceId: instanceIdOf(resource as Resource | undefined) };
  } catch {
    return undefined;
  }
}

interface Resource {
  getRawAttributes?(): readonly (readonly [key: string, value: unknown])[];
  readonly attributes?: Readonly<Record<string, unknown>>;
}

/** From the raw attributes: while some are pending, the SDK logs an error for everyone who reads the others. */
function instanceIdOf(resource: Resource | undefined): string | undefined {
  if (resource === undefined) return undefined;
  const raw = memberOf(resource, 'getRawAttributes')?.call(resource);
  const id =
    raw === undefined
      ? memberOf(resource, 'attributes')?.[ATTR_SERVICE_INSTANCE_ID]
      : raw.find(([key, value]) => key === ATTR_SERVICE_INSTANCE_ID && value != null)?.[1];
  return typeof id === 'string' ? id : undefined;
}
