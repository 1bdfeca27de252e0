// SPDX-License-Identifier: Apache-2.0

/** One message of NATS's client protocol, as it passed between a client and a server. */
export interface PassedMessage {
  /** `sent`: from the client to the server. */
  readonly direction: 'sent' | 'received';
  readonly subject: string;
  readonly reply: string | undefined;
  readonly headers: string;
  readonly payload: Buffer;
}

/** Hears both directions of one connection. */
export interface ConnectionTap {
  sent(chunk: Buffer): void;
  received(chunk: Buffer): void;
}

/** @param hear is told of each message that passes on the connection */
export function tapConnection(hear: (message: PassedMessage) => void): ConnectionTap {
  const sent = new Reader('sent', hear);
  const received = new Reader('received', hear);
  return { sent: chunk => sent.read(chunk), received: chunk => received.read(chunk) };
}

const LINE_END = '\r\n';
/** What has a payload, and how many words stand before the sizes: a reply subject is one more. */
const WITH_PAYLOAD: Readonly<Record<string, { words: number; sizes: number }>> = {
  PUB: { words: 2, sizes: 1 },
  HPUB: { words: 2, sizes: 2 },
  MSG: { words: 3, sizes: 1 },
  HMSG: { words: 3, sizes: 2 },
};

/** Cuts one direction of a connection into messages: https://docs.nats.io/reference/reference-protocols/nats-protocol */
class Reader {
  readonly #direction: PassedMessage['direction'];
  readonly #hear: (message: PassedMessage) => void;
  #rest: Buffer = Buffer.alloc(0);

  constructor(direction: PassedMessage['direction'], hear: (message: PassedMessage) => void) {
    this.#direction = direction;
    this.#hear = hear;
  }

  read(chunk: Buffer): void {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    let at = 0;
    for (;;) {
      const end = bytes.indexOf(LINE_END, at);
      if (end === -1) break;
      const next = this.#message(bytes, bytes.toString('latin1', at, end), end + LINE_END.length);
      if (next === undefined) break;
      at = next;
    }
    this.#rest = bytes.subarray(at);
  }

  /** @returns where the next line begins; undefined if the payload is not there yet */
  #message(bytes: Buffer, line: string, from: number): number | undefined {
    const parts = line.split(/\s+/);
    const shape = WITH_PAYLOAD[parts[0]?.toUpperCase() ?? ''];
    if (shape === undefined) return from;
    const end = from + Number(parts.at(-1));
    if (bytes.length < end + LINE_END.length) return undefined;
    const split = from + (shape.sizes === 2 ? Number(parts.at(-2)) : 0);
    this.#hear({
      direction: this.#direction,
      subject: parts[1] ?? '',
      reply: parts.length > shape.words + shape.sizes ? parts[shape.words] : undefined,
      headers: bytes.toString('latin1', from, split),
      payload: bytes.subarray(split, end),
    });
    return end + LINE_END.length;
  }
}
