// SPDX-License-Identifier: Apache-2.0
import { expect } from 'chai';
import type { ExperimentEvent, SerializedEvent } from 'opentelemetry-exporter-optimizely';
import { ManualRuntime } from 'opentelemetry-exporter-optimizely/testing';
import { createEventsDoor } from '../src/events-api/events-door.js';
import { giveReceipt } from '../src/intake/give-receipt.js';
import { RequestPlan } from '../src/intake/request-plan.js';
import type { Door } from '../src/model/door.js';
import type { PreparedEvent } from '../src/model/prepared-event.js';
import { createOtlpDoor } from '../src/otlp/otlp-door.js';
import type { Project } from '../src/projects/project.js';
import { Admission } from '../src/receipt/admission.js';
import { OutstandingEvent } from '../src/receipt/outstanding-event.js';
import { OutstandingEvents } from '../src/receipt/outstanding-events.js';
import { OwedReceipt } from '../src/receipt/owed-receipt.js';
import { SENDER } from './support/engine.js';
import { closeServings, startServing } from './support/serving.js';

const waiting: Promise<unknown>[] = [];

/** What waits for a promise that nothing refers to is collected, whatever it keeps. */
function never<T>(): Promise<T> {
  const promise = new Promise<T>(() => {});
  waiting.push(promise);
  return promise;
}

const SERIALIZED = {
  type: 'conversion',
  uuid: '00000000-0000-4000-8000-000000000001',
  context: {
    region: 'US',
    accountId: '1',
    projectId: '2',
    revision: '3',
    clientName: 'test',
    clientVersion: '1',
    anonymizeIP: false,
    botFiltering: undefined,
  },
  json: '{}',
  byteLength: 2,
  acceptedAt: 0,
} as const satisfies SerializedEvent;

/** Whether it is collected: not in the turn that made the reference, which keeps it. */
async function isCollected(reference: WeakRef<object>): Promise<boolean> {
  for (let turn = 0; turn < 10; turn++) {
    await new Promise(resolve => setImmediate(resolve));
    globalThis.gc?.();
  }
  return reference.deref() === undefined;
}

describe('while a receipt is waited for', () => {
  afterEach(closeServings);

  it('the server keeps no body', async () => {
    const { url, doors } = await startServing();
    doors.traces.respond = never;
    const abort = new AbortController();
    const sent = fetch(`${url}/v1/traces`, {
      method: 'POST',
      body: Buffer.alloc(300_000),
      signal: abort.signal,
    }).catch(() => {});
    await doors.traces.received(1);
    const body = new WeakRef(doors.traces.requests.pop()?.body ?? {});
    expect(await isCollected(body)).to.equal(true);
    abort.abort();
    await sent;
  });

  /** Sends to the door, and forgets what it has sent. */
  function send(door: Door, text: string): { body: WeakRef<object>; answer: Promise<unknown> } {
    const body = Buffer.from(text);
    const answer = door.answer({ body, mediaType: 'application/json', sender: SENDER });
    return { body: new WeakRef(body), answer };
  }

  for (const kind of ['OTLP', "Optimizely's batches"]) {
    it(`the door of ${kind} keeps neither the body nor what was read from it`, async () => {
      const seen: WeakRef<object>[] = [];
      const take = (read: object) => {
        seen.push(new WeakRef(read));
        return never<never>();
      };
      const door =
        kind === 'OTLP' ? createOtlpDoor({ signal: 'traces', intake: { take } }) : createEventsDoor({ take });
      const { body, answer } = send(door, '{}');
      expect(seen).to.have.length(1);
      for (const reference of [body, ...seen]) expect(await isCollected(reference)).to.equal(true);
      expect(answer).to.be.a('promise');
    });
  }

  it('an event is kept as it is sent, and not as it came', async () => {
    const runtime = new ManualRuntime();
    const outstanding = new OutstandingEvents(
      { maxEvents: 10, maxBytes: 10_000, maxSenderShare: 1 },
      'delivered',
    );
    const settlements: unknown[] = [];
    const admit = (sender: string, events: readonly PreparedEvent[]) =>
      new Admission(events, sender, {
        outstanding,
        processor: {
          process(_event, _shown, _span, settlement) {
            settlements.push(settlement);
            return true;
          },
        },
        runtime,
        ackTimeoutMillis: 8_000,
        store: undefined,
        writesFirst: true,
      });
    const giveOne = () => {
      const shown = { type: 'conversion', userId: 'ada', eventKey: 'purchase' } as ExperimentEvent;
      const plan = new RequestPlan();
      plan.take({ name: 'shop', admit } as unknown as Project, {
        serialized: SERIALIZED,
        shown,
        key: SERIALIZED.uuid,
      });
      const dependencies = { runtime, countEvents() {}, refusedEvents: { note() {} } };
      void giveReceipt(plan, { door: 'otlp', sender: 'team' }, dependencies);
      return new WeakRef(shown);
    };
    expect(await isCollected(giveOne())).to.equal(true);
    expect(settlements).to.have.length(1);
  });
});

describe('once an event is settled', () => {
  for (const ack of ['delivered', 'stored'] as const) {
    it(`it is remembered without its request, where the receipt is for what is ${ack}`, async () => {
      const limits = { maxEvents: 10, maxBytes: 10_000, maxSenderShare: 1 };
      const { known, receipt } = takeOne(new OutstandingEvents(limits, ack));
      expect(await isCollected(receipt)).to.equal(true);
      expect(known.find(SERIALIZED.uuid)?.verdict).to.deep.equal({ kind: 'taken' });
    });
  }

  /** Takes an event, has it delivered, and forgets its receipt. */
  function takeOne(outstanding: OutstandingEvents) {
    const receipt = new OwedReceipt(new ManualRuntime());
    const event = new OutstandingEvent(2, 0, outstanding.begin('team', receipt));
    outstanding.known.add(SERIALIZED.uuid, event);
    expect(outstanding.count).to.equal(1);
    event.stored();
    event.settled('delivered');
    expect(outstanding.count).to.equal(0);
    return { known: outstanding.known, receipt: new WeakRef(receipt) };
  }
});
