// SPDX-License-Identifier: Apache-2.0
import { expect } from 'chai';
import fc from 'fast-check';
import {
  type LogEvent,
  OptimizelyEventExporter,
  type SerializedEvent,
} from 'opentelemetry-exporter-optimizely';
import { serializedEvent } from '../src/util/event-text.js';
import { bytesOf } from '../src/util/log-event-body.js';
import { makeContext, makeUserEvent } from './support/fakes.js';

/** What is asked of a LogEvent in turn: its bytes, as UndiciEventDispatcher does, then its text. */
interface Asked {
  readonly bytes: Uint8Array | undefined;
  readonly body: string;
}

async function send(events: readonly SerializedEvent[], look?: (logEvent: LogEvent) => void): Promise<Asked> {
  const asked: Asked[] = [];
  const exporter = new OptimizelyEventExporter({
    eventDispatcher: {
      dispatchEvent: async (logEvent: LogEvent) => {
        look?.(logEvent);
        asked.push({ bytes: bytesOf(logEvent), body: logEvent.body });
        return { statusCode: 204 };
      },
    },
  });
  const [{ context }] = events as [SerializedEvent];
  const byteLength = events.reduce((sum, event) => sum + event.byteLength, 0);
  await new Promise<void>(resolve => {
    exporter.export(
      { context, events, byteLength, cause: 'flush', notifyLogEvent: () => {}, settle: () => {} },
      () => resolve(),
    );
  });
  await exporter.shutdown();
  expect(asked).to.have.length(1);
  return asked[0] as Asked;
}

function withText(text: string, overrides: Partial<SerializedEvent> = {}): SerializedEvent {
  return { ...makeUserEvent({ json: JSON.stringify({ visitor_id: text }) }), ...overrides };
}

/** As the package makes them itself. */
function ownWithText(text: string): SerializedEvent {
  const json = JSON.stringify({ visitor_id: text });
  return serializedEvent('conversion', CONTEXT, json, 0, false);
}

const CONTEXT = makeContext();

const decode = (bytes: Uint8Array | undefined) =>
  bytes === undefined ? undefined : new TextDecoder('utf-8', { fatal: true }).decode(bytes);

describe('the bytes of a request', () => {
  it('are the UTF-8 of its body, for any texts and any number of events', async () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom('', 'ascii', 'größe', '漢字', '🎉🎉', '\ud800'),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(text, { minLength: 1, maxLength: 8 }), async texts => {
        const events = texts.map((one, n) =>
          n % 2 === 0 ? ownWithText(one) : withText(one, { context: CONTEXT }),
        );
        const { bytes, body } = await send(events);
        expect(bytes, 'made without the text').not.to.equal(undefined);
        expect(decode(bytes)).to.equal(body);
        expect(
          JSON.parse(body).visitors.map((visitor: { visitor_id: string }) => visitor.visitor_id),
        ).to.deep.equal(texts);
      }),
      { numRuns: 200 },
    );
  });

  it('hold the envelope of the context, one that is not ASCII too', async () => {
    const context = makeContext({ accountId: 'Konto ä', projectId: '項目', revision: 'é🎉' });
    const { bytes, body } = await send([withText('a', { context }), withText('b', { context })]);
    expect(decode(bytes)).to.equal(body);
    expect(JSON.parse(body)).to.include({ account_id: 'Konto ä', project_id: '項目', revision: 'é🎉' });
  });

  it('end where the body ends', async () => {
    const { bytes, body } = await send([withText('ü')]);
    expect(bytes?.byteLength).to.equal(Buffer.byteLength(body));
  });

  for (const text of ['ascii only', 'ééééé', '漢漢漢', 'a🎉']) {
    it(`are left to the body where an event says another length than that of ${JSON.stringify(text)}`, async () => {
      const right = withText(text);
      for (const place of [0, 1, 2]) {
        for (let said = -1; said <= right.json.length * 3 + 1; said++) {
          const events = [withText('first'), withText('second'), withText('third')];
          events[place] = { ...right, byteLength: said };
          const { bytes, body } = await send(events);
          if (said === right.byteLength) expect(decode(bytes)).to.equal(body);
          else expect(bytes, `${said} bytes in place ${place}`).to.equal(undefined);
          expect(JSON.parse(body).visitors).to.have.length(3);
        }
      }
    });
  }

  it('are left to the body where an event says no length', async () => {
    for (const byteLength of [Number.NaN, undefined as unknown as number, Number.POSITIVE_INFINITY]) {
      expect((await send([withText('a', { byteLength })])).bytes).to.equal(undefined);
    }
  });

  it('are left to the body once params were read, or anything was put in their place', async () => {
    const looks: Record<string, (logEvent: LogEvent) => void> = {
      'params read': logEvent => void logEvent.params.visitors,
      'params replaced': logEvent => {
        logEvent.params = { ...logEvent.params, account_id: 'other' };
      },
      'body replaced': logEvent => {
        logEvent.body = '{"account_id":"other"}';
      },
      'body of another kind': logEvent => {
        Object.defineProperty(logEvent, 'body', { value: '{"account_id":"other"}' });
      },
    };
    for (const [name, look] of Object.entries(looks)) {
      expect((await send([withText('a')], look)).bytes, name).to.equal(undefined);
    }
    expect((await send([withText('a')], logEvent => void logEvent.body)).bytes, 'body read').not.to.equal(
      undefined,
    );
  });
});
