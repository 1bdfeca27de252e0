// SPDX-License-Identifier: Apache-2.0
import type { DoorAnswer } from '../../src/model/door.js';
import type { OtlpExport } from '../../src/model/otlp-event.js';
import type { Receipt } from '../../src/model/receipt.js';
import type { OtlpSignal } from '../../src/otlp/decode.js';
import { createOtlpDoor } from '../../src/otlp/otlp-door.js';

export const MEDIA_TYPES = { protobuf: 'application/x-protobuf', json: 'application/json' };

/** A door whose intake takes everything, or says what it is told to. */
export function makeDoor(
  signal: OtlpSignal,
  { receipt, evaluations }: { receipt?: Receipt; evaluations?: boolean } = {},
) {
  const taken: OtlpExport[] = [];
  const intake = {
    take: async (request: OtlpExport): Promise<Receipt> => {
      taken.push(request);
      return receipt ?? { status: 'taken', refused: [], shownOnly: 0 };
    },
  };
  const door = createOtlpDoor({ signal, intake, evaluations: evaluations ?? false });
  const send = (body: Buffer, mediaType: string): Promise<DoorAnswer> =>
    door.answer({ body, mediaType, sender: { name: 'a sender', project: undefined } });
  return { door, taken, send };
}
