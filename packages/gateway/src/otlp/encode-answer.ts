// SPDX-License-Identifier: Apache-2.0
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import type { OtlpEncoding, OtlpSignal } from './decode.js';

/** What was refused for good. */
export interface PartialSuccess {
  readonly rejected: number;
  readonly message: string;
}

const REJECTED_MEMBER = { traces: 'rejectedSpans', logs: 'rejectedLogRecords' } as const;

/**
 * Encodes an `ExportTraceServiceResponse` or `ExportLogsServiceResponse`.
 *
 * @param partial absent if all was taken
 */
export function encodeResponse(
  signal: OtlpSignal,
  encoding: OtlpEncoding,
  partial: PartialSuccess | undefined,
): Buffer {
  if (encoding === 'json') {
    if (partial === undefined) return Buffer.from('{}');
    const { rejected, message } = partial;
    // A 64-bit integer is text in protobuf's JSON.
    const partialSuccess = { [REJECTED_MEMBER[signal]]: String(rejected), errorMessage: message };
    return Buffer.from(JSON.stringify({ partialSuccess }));
  }
  const writer = new BinaryWriter();
  if (partial !== undefined) {
    writer.tag(1, WireType.LengthDelimited).fork();
    if (partial.rejected !== 0) writer.tag(1, WireType.Varint).int64(partial.rejected);
    if (partial.message !== '') writer.tag(2, WireType.LengthDelimited).string(partial.message);
    writer.join();
  }
  return Buffer.from(writer.finish());
}

/** Encodes a `google.rpc.Status`. @param code of `google.rpc.Code` */
export function encodeStatus(encoding: OtlpEncoding, code: number, message: string): Buffer {
  if (encoding === 'json') return Buffer.from(JSON.stringify({ code, message }));
  const writer = new BinaryWriter();
  writer.tag(1, WireType.Varint).int32(code);
  writer.tag(2, WireType.LengthDelimited).string(message);
  return Buffer.from(writer.finish());
}
