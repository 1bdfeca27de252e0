// SPDX-License-Identifier: Apache-2.0

/**
 * Writes log records as the exporter of OpenTelemetry .NET does: it leaves four bytes for the length of a message and
 * fills all of them in, so that lengths are longer than they need be, also that of an empty resource.
 */
export interface DotnetRecord {
  readonly timeUnixNano: bigint;
  readonly attributes: Readonly<Record<string, string>>;
}

/** @param attributeLengths how lengths of attributes are written: padded by versions until 2026, compact since */
export function dotnetLogs(
  records: readonly DotnetRecord[],
  attributeLengths: 'padded' | 'compact' = 'compact',
): Buffer {
  const attributeField = attributeLengths === 'padded' ? padded : compact;
  const scope = padded(1, compact(1, Buffer.from('Shop.Experiments')));
  const logs = records.map(({ timeUnixNano, attributes }) =>
    padded(
      2,
      fixed64(1, timeUnixNano),
      fixed64(11, timeUnixNano),
      Buffer.from([tag(2, VARINT), 9]),
      compact(3, Buffer.from('INFO')),
      compact(5, compact(1, Buffer.from(attributes['event.name'] ?? ''))),
      ...Object.entries(attributes).map(([key, value]) =>
        attributeField(6, compact(1, Buffer.from(key)), compact(2, compact(1, Buffer.from(value)))),
      ),
    ),
  );
  return padded(1, padded(1), padded(2, scope, ...logs));
}

const VARINT = 0;
const FIXED64 = 1;
const LENGTH_DELIMITED = 2;

const tag = (field: number, wireType: number) => (field << 3) | wireType;

function padded(field: number, ...parts: readonly Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  const { length } = content;
  const lengthBytes = [length | 0x80, (length >> 7) | 0x80, (length >> 14) | 0x80, (length >> 21) & 0x7f];
  return Buffer.concat([Buffer.from([tag(field, LENGTH_DELIMITED), ...lengthBytes]), content]);
}

function compact(field: number, ...parts: readonly Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  const lengthBytes: number[] = [];
  let rest = content.length;
  for (; rest > 0x7f; rest >>= 7) lengthBytes.push((rest & 0x7f) | 0x80);
  return Buffer.concat([Buffer.from([tag(field, LENGTH_DELIMITED), ...lengthBytes, rest]), content]);
}

function fixed64(field: number, value: bigint): Buffer {
  const bytes = Buffer.alloc(9);
  bytes[0] = tag(field, FIXED64);
  bytes.writeBigUInt64LE(value, 1);
  return bytes;
}
