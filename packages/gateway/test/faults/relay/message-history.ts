// SPDX-License-Identifier: Apache-2.0
import { type ConnectionTap, type PassedMessage, tapConnection } from './nats-tap.js';

interface Publication {
  readonly at: number;
  readonly server: string;
  readonly uuids: readonly string[];
  /** What JetStream answered. */
  acknowledged: { readonly at: number; readonly sequence: number } | undefined;
}

interface Delivery {
  readonly at: number;
  readonly server: string;
  readonly sequence: number;
  /** 1: for the first time; 0: it was read, and not given by the consumer. */
  readonly count: number;
  readonly uuids: readonly string[];
}

interface Answer {
  readonly at: number;
  readonly server: string;
  readonly what: string;
}

const UUID = /"uuid":"([^"]+)"/g;
const ACK = /^\$JS\.ACK\./;

/**
 * What passed between the clients of a run and its servers, by message: so that of an event that is lost it can be said
 * how far it came.
 */
export class MessageHistory {
  readonly #stream: string;
  readonly #subject: string;
  readonly #now: () => number;
  readonly #publications: Publication[] = [];
  readonly #deliveries: Delivery[] = [];
  readonly #answers = new Map<number, Answer[]>();
  readonly #faults: { readonly name: string; readonly from: number; to: number | undefined }[] = [];

  /** @param now seconds since the run began */
  constructor(stream: string, subject: string, now: () => number) {
    this.#stream = stream;
    this.#subject = subject;
    this.#now = now;
  }

  /** @returns what is to hear of one connection to the server */
  tap(server: string): ConnectionTap {
    const waiting = new Map<string, Publication>();
    return tapConnection(message => {
      if (message.direction === 'sent') this.#sent(server, message, waiting);
      else this.#received(server, message, waiting);
    });
  }

  faultBegins(name: string): void {
    this.#faults.push({ name, from: this.#now(), to: undefined });
  }

  faultEnds(): void {
    const last = this.#faults.at(-1);
    if (last !== undefined) last.to = this.#now();
  }

  /** @returns a paragraph for each message that had some of the events in it */
  explain(missing: readonly string[]): string[] {
    const lost = new Set(missing);
    const found = this.#publications.filter(({ uuids }) => uuids.some(uuid => lost.has(uuid)));
    const published = new Set(found.flatMap(({ uuids }) => uuids));
    const never = missing.filter(uuid => !published.has(uuid)).length;
    const paragraphs = found.map(publication => this.#explainOne(publication, lost));
    return never === 0 ? paragraphs : [`${never} events were never published`, ...paragraphs];
  }

  #sent(server: string, { subject, reply, payload }: PassedMessage, waiting: Map<string, Publication>): void {
    if (subject === this.#subject) {
      const publication = {
        at: this.#now(),
        server,
        uuids: uuidsIn(payload),
        acknowledged: undefined,
      };
      this.#publications.push(publication);
      if (reply !== undefined) waiting.set(reply, publication);
      return;
    }
    if (ACK.test(subject)) {
      const [, , , , , sequence] = subject.split('.');
      this.#answer(Number(sequence), server, payload.toString('latin1').slice(0, 40) || '+ACK');
      return;
    }
    if (subject === `$JS.API.STREAM.MSG.DELETE.${this.#stream}`)
      this.#answer(JSON.parse(payload.toString()).seq, server, 'deleted');
  }

  #received(server: string, { subject, reply, payload }: PassedMessage, waiting: Map<string, Publication>) {
    const publication = waiting.get(subject);
    if (publication !== undefined) {
      waiting.delete(subject);
      this.#acknowledge(publication, payload);
    } else if (reply !== undefined && ACK.test(reply)) {
      const [, , , , count, sequence] = reply.split('.');
      this.#deliver(server, Number(sequence), Number(count), payload);
    } else if (payload.includes('stream_msg_get_response')) {
      const { message } = JSON.parse(payload.toString());
      if (message?.subject === this.#subject)
        this.#deliver(server, message.seq, 0, Buffer.from(message.data, 'base64'));
    }
  }

  #acknowledge(publication: Publication, payload: Buffer): void {
    // Without responders, the answer is a header alone.
    const { stream, seq, error } = payload.length === 0 ? {} : JSON.parse(payload.toString());
    if (stream === this.#stream && error === undefined)
      publication.acknowledged = { at: this.#now(), sequence: seq };
  }

  #deliver(server: string, sequence: number, count: number, payload: Buffer): void {
    this.#deliveries.push({ at: this.#now(), server, sequence, count, uuids: uuidsIn(payload) });
  }

  #answer(sequence: number, server: string, what: string): void {
    const answers = this.#answers.get(sequence) ?? [];
    answers.push({ at: this.#now(), server, what });
    this.#answers.set(sequence, answers);
  }

  #explainOne(publication: Publication, lost: ReadonlySet<string>): string {
    const { at, server, uuids, acknowledged } = publication;
    const missing = uuids.filter(uuid => lost.has(uuid));
    const lines = [
      `${missing.length} of ${uuids.length} events of a message published to ${server} at ${seconds(at)}${this.#faultAt(at)}`,
      acknowledged === undefined
        ? 'not acknowledged'
        : `acknowledged as ${acknowledged.sequence} at ${seconds(acknowledged.at)}${this.#faultAt(acknowledged.at)}`,
    ];
    const first = missing[0] as string;
    for (const delivery of this.#deliveries)
      if (delivery.uuids.includes(first))
        lines.push(
          `given out by ${delivery.server} as ${delivery.sequence} at ${seconds(delivery.at)}, ${timeOf(delivery)}`,
        );
    if (acknowledged !== undefined)
      lines.push(...this.#ofSequence(acknowledged.sequence, publication, first));
    return lines.join('\n    ');
  }

  /** What else passed under the number of a message. */
  #ofSequence(sequence: number, publication: Publication, uuid: string): string[] {
    const others = this.#publications.filter(
      other => other !== publication && other.acknowledged?.sequence === sequence,
    );
    const deliveries = this.#deliveries.filter(
      delivery => delivery.sequence === sequence && !delivery.uuids.includes(uuid),
    );
    const answers = this.#answers.get(sequence) ?? [];
    return [
      ...others.map(
        ({ server, acknowledged, at }) =>
          `another message, published to ${server} at ${seconds(at)}, was acknowledged as ${sequence} at ${seconds(acknowledged?.at)}`,
      ),
      ...deliveries.map(
        delivery =>
          `another message was given out by ${delivery.server} as ${sequence} at ${seconds(delivery.at)}, ${timeOf(delivery)}`,
      ),
      ...answers.map(
        ({ server, at, what }) => `a gateway answered ${sequence} to ${server} at ${seconds(at)}: ${what}`,
      ),
    ];
  }

  #faultAt(at: number): string {
    const fault = this.#faults.findLast(({ from }) => from <= at);
    if (fault === undefined) return '';
    const { name, to } = fault;
    return to === undefined || to >= at
      ? `, during "${name}"`
      : `, ${(at - to).toFixed(1)} s after "${name}"`;
  }
}

function uuidsIn(payload: Buffer): string[] {
  return Array.from(payload.toString().matchAll(UUID), ([, uuid = '']) => uuid);
}

function timeOf({ count }: Delivery): string {
  return count === 0 ? 'as a message that the consumer left behind' : `delivery ${count}`;
}

function seconds(at: number | undefined): string {
  return at === undefined ? '?' : `${at.toFixed(3)} s`;
}
