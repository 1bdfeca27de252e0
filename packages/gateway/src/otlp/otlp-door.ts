// SPDX-License-Identifier: Apache-2.0
import type { Door, DoorAnswer, DoorRequest, ServerRefusal } from '../model/door.js';
import type { OtlpIntake } from '../model/intake.js';
import type { OtlpExport } from '../model/otlp-event.js';
import type { Receipt, Refusal } from '../model/receipt.js';
import { RequestTooLarge } from '../util/request-size.js';
import { decodeExport, type OtlpEncoding, type OtlpSignal } from './decode.js';
import { encodeResponse, encodeStatus } from './encode-answer.js';
import { eventNames, type NameFilter } from './event-names.js';
import { MalformedRequest } from './malformed-request.js';

export interface OtlpDoorOptions {
  readonly signal: OtlpSignal;
  readonly intake: OtlpIntake;
  /** Whether `feature_flag.evaluation` is read too. @default false */
  readonly evaluations?: boolean;
}

const MEDIA_TYPES: Readonly<Record<OtlpEncoding, string>> = {
  protobuf: 'application/x-protobuf',
  json: 'application/json',
};

/** `google.rpc.Code` of an HTTP status. */
const RPC_CODES: Readonly<Record<ServerRefusal['status'], number>> = {
  400: 3,
  401: 16,
  403: 7,
  405: 12,
  413: 8,
  415: 3,
  431: 3,
  503: 14,
};

const MAX_MESSAGE_LENGTH = 1_000;

/**
 * Takes OTLP/HTTP requests and answers as its
 * [specification](https://opentelemetry.io/docs/specs/otlp/#otlphttp-response) has it.
 */
export function createOtlpDoor({ signal, intake, evaluations = false }: OtlpDoorOptions): Door {
  return new OtlpDoor(signal, intake, eventNames(evaluations));
}

class OtlpDoor implements Door {
  readonly #signal: OtlpSignal;
  readonly #intake: OtlpIntake;
  readonly #names: NameFilter;

  constructor(signal: OtlpSignal, intake: OtlpIntake, names: NameFilter) {
    this.#signal = signal;
    this.#intake = intake;
    this.#names = names;
  }

  async answer({ body, mediaType, sender }: DoorRequest): Promise<DoorAnswer> {
    const encoding = encodingOf(mediaType);
    if (encoding === undefined) {
      const message = `the content type must be ${MEDIA_TYPES.protobuf} or ${MEDIA_TYPES.json}`;
      return this.refuse({ status: 415, message }, mediaType);
    }
    let decoded: OtlpExport;
    try {
      decoded = decodeExport(this.#signal, encoding, body, this.#names);
    } catch (error) {
      return this.refuse(refusalOf(error), mediaType);
    }
    return this.#answerWith(this.#intake.take(decoded, sender), encoding, mediaType);
  }

  /** Apart from where the body and its events are at hand: neither is kept while the receipt is waited for. */
  async #answerWith(
    awaited: Promise<Receipt>,
    encoding: OtlpEncoding,
    mediaType: string,
  ): Promise<DoorAnswer> {
    const receipt = await awaited;
    switch (receipt.status) {
      case 'taken':
        return this.#taken(encoding, receipt.refused);
      case 'too_large':
        return this.refuse({ status: 413, message: receipt.message }, mediaType);
      case 'later': {
        const { reason, detail, retryAfterSeconds } = receipt;
        const message = detail === undefined ? reason : `${reason}: ${detail}`;
        return this.refuse({ status: 503, message, retryAfterSeconds }, mediaType);
      }
    }
  }

  refuse({ status, message, retryAfterSeconds }: ServerRefusal, mediaType: string): DoorAnswer {
    // A sender of another type can read this at least.
    const encoding = encodingOf(mediaType) ?? 'json';
    return {
      status,
      headers: {
        'content-type': MEDIA_TYPES[encoding],
        ...(retryAfterSeconds !== undefined && { 'retry-after': String(retryAfterSeconds) }),
      },
      body: encodeStatus(encoding, RPC_CODES[status], message),
      problem: message,
    };
  }

  #taken(encoding: OtlpEncoding, refused: readonly Refusal[]): DoorAnswer {
    const rejected = refused.reduce((sum, { count }) => sum + count, 0);
    const message = refused.map(({ count, message }) => `${count}: ${message}`).join('; ');
    const partial = rejected === 0 ? undefined : { rejected, message: message.slice(0, MAX_MESSAGE_LENGTH) };
    return {
      status: 200,
      headers: { 'content-type': MEDIA_TYPES[encoding] },
      body: encodeResponse(this.#signal, encoding, partial),
    };
  }
}

function refusalOf(error: unknown): ServerRefusal {
  if (error instanceof RequestTooLarge) return { status: 413, message: error.message };
  const message = error instanceof MalformedRequest ? error.message : 'the body cannot be read';
  return { status: 400, message };
}

function encodingOf(mediaType: string): OtlpEncoding | undefined {
  if (mediaType === MEDIA_TYPES.protobuf) return 'protobuf';
  return mediaType === MEDIA_TYPES.json ? 'json' : undefined;
}
