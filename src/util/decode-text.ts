// SPDX-License-Identifier: Apache-2.0

/**
 * The text of a JSON document's bytes: UTF-8 or UTF-16, with or without a byte order mark. JSON begins with an ASCII
 * character, so a zero in one of the first two bytes tells UTF-16 where there is no mark (RFC 4627, section 3).
 *
 * @returns the text, without its byte order mark
 */
export function decodeText(bytes: Uint8Array): string {
  const [first, second] = bytes;
  if ((first === 0xff && second === 0xfe) || (second === 0 && first !== 0)) return utf16(bytes);
  if ((first === 0xfe && second === 0xff) || (first === 0 && second !== 0)) return utf16(swapped(bytes));
  // It leaves the byte order mark out.
  return new TextDecoder().decode(bytes);
}

/**
 * The same of bytes that come in pieces. UTF-8 is decoded piece by piece, so that megabytes of it do not hold up the
 * event loop at their end.
 */
export class TextCollector {
  #bytes: Uint8Array[] = [];
  #decoder: InstanceType<typeof TextDecoder> | undefined;
  readonly #texts: string[] = [];

  add(bytes: Uint8Array): void {
    if (this.#decoder !== undefined) this.#texts.push(this.#decoder.decode(bytes, { stream: true }));
    else this.#bytes.push(bytes);
    if (this.#decoder === undefined && this.#bytes.length === 1 && isUtf8(bytes)) {
      this.#decoder = new TextDecoder();
      this.#bytes = [];
      this.#texts.push(this.#decoder.decode(bytes, { stream: true }));
    }
  }

  end(): string {
    if (this.#decoder === undefined) return decodeText(Buffer.concat(this.#bytes));
    this.#texts.push(this.#decoder.decode());
    return this.#texts.join('');
  }
}

/** Where its first two bytes are there to tell. */
function isUtf8({ 0: first, 1: second }: Uint8Array): boolean {
  if (second === undefined || first === 0 || second === 0) return false;
  return !((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff));
}

function utf16(bytes: Uint8Array): string {
  return new TextDecoder('utf-16le').decode(bytes);
}

/** A Node.js built without full ICU decodes the little-endian order only. */
function swapped(bytes: Uint8Array): Uint8Array {
  const copy = new Uint8Array(bytes.length - (bytes.length % 2));
  for (let index = 0; index < copy.length; index += 2) {
    copy[index] = bytes[index + 1] ?? 0;
    copy[index + 1] = bytes[index] ?? 0;
  }
  return copy;
}
