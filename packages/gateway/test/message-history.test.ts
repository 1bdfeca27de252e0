// SPDX-License-Identifier: Apache-2.0
import { expect } from 'chai';
import fc from 'fast-check';
import { MessageHistory } from './faults/relay/message-history.js';
import { type PassedMessage, tapConnection } from './faults/relay/nats-tap.js';

const PUBLISHED = (reply: string, uuid: string) => {
  const body = `{"uuid":"${uuid}"}`;
  const head = 'NATS/1.0\r\n\r\n';
  return `HPUB shop.events ${reply} ${head.length} ${head.length + body.length}\r\n${head}${body}\r\n`;
};
const MSG = (subject: string, reply: string, payload: string) =>
  `MSG ${subject} 1 ${reply === '' ? '' : `${reply} `}${payload.length}\r\n${payload}\r\n`;
const PUB = (subject: string, payload: string) => `PUB ${subject} ${payload.length}\r\n${payload}\r\n`;

describe('what passes between a client and NATS', () => {
  it('is read whole however it is cut', () => {
    const text = `PING\r\n${PUBLISHED('_INBOX.1', 'a')}CONNECT {"a":"PUB x 3"}\r\n${PUB('x', '\r\nPUB')}`;
    fc.assert(
      fc.property(fc.array(fc.nat(text.length)), cuts => {
        const heard: PassedMessage[] = [];
        const tap = tapConnection(message => heard.push(message));
        const places = [0, ...cuts.sort((a, b) => a - b), text.length];
        for (const [index, from] of places.entries())
          tap.sent(Buffer.from(text.slice(from, places[index + 1])));
        expect(heard.map(({ subject, reply, payload }) => [subject, reply, String(payload)])).to.deep.equal([
          ['shop.events', '_INBOX.1', '{"uuid":"a"}'],
          ['x', undefined, '\r\nPUB'],
        ]);
      }),
    );
  });

  function makeHistory() {
    let now = 0;
    const history = new MessageHistory('shop', 'shop.events', () => now);
    const tap = history.tap('n1');
    return {
      history,
      at(seconds: number, direction: 'sent' | 'received', text: string) {
        now = seconds;
        tap[direction](Buffer.from(text));
      },
    };
  }

  it('tells how far a message came: acknowledged, and its number given to another', () => {
    const { history, at } = makeHistory();
    at(1, 'sent', PUBLISHED('_INBOX.1', 'lost'));
    at(2, 'received', MSG('_INBOX.1', '', '{"stream":"shop","seq":7}'));
    at(3, 'sent', PUBLISHED('_INBOX.2', 'other'));
    at(4, 'received', MSG('_INBOX.2', '', '{"stream":"shop","seq":7}'));
    at(5, 'received', MSG('_INBOX.3', '$JS.ACK.shop.gateway.1.7.9.0.0', '{"uuid":"other"}'));
    at(6, 'sent', PUB('$JS.ACK.shop.gateway.1.7.9.0.0', '+ACK'));
    expect(history.explain(['lost'])[0]?.split('\n    ')).to.deep.equal([
      '1 of 1 events of a message published to n1 at 1.000 s',
      'acknowledged as 7 at 2.000 s',
      'another message, published to n1 at 3.000 s, was acknowledged as 7 at 4.000 s',
      'another message was given out by n1 as 7 at 5.000 s, delivery 1',
      'a gateway answered 7 to n1 at 6.000 s: +ACK',
    ]);
  });

  it('tells what was refused, delivered, read and deleted, and which fault there was', () => {
    const { history, at } = makeHistory();
    history.faultBegins('a fault');
    at(1, 'sent', PUBLISHED('_INBOX.1', 'lost'));
    at(2, 'received', MSG('_INBOX.1', '', '{"stream":"shop","error":{"code":503},"seq":0}'));
    history.faultEnds();
    at(3, 'sent', PUBLISHED('_INBOX.2', 'lost'));
    at(4, 'received', MSG('_INBOX.2', '', '{"stream":"shop","seq":8}'));
    at(5, 'received', MSG('_INBOX.3', '$JS.ACK.shop.gateway.2.8.9.0.0', '{"uuid":"lost"}'));
    const data = Buffer.from('{"uuid":"lost"}').toString('base64');
    const response = { type: 'stream_msg_get_response', message: { subject: 'shop.events', seq: 8, data } };
    at(6, 'received', MSG('_INBOX.4', '', JSON.stringify(response)));
    at(7, 'sent', PUB('$JS.API.STREAM.MSG.DELETE.shop', '{"seq":8}'));
    expect(history.explain(['never', 'lost']).map(one => one.split('\n    '))).to.deep.equal([
      ['1 events were never published'],
      [
        '1 of 1 events of a message published to n1 at 1.000 s, during "a fault"',
        'not acknowledged',
        'given out by n1 as 8 at 5.000 s, delivery 2',
        'given out by n1 as 8 at 6.000 s, as a message that the consumer left behind',
      ],
      [
        '1 of 1 events of a message published to n1 at 3.000 s, 1.0 s after "a fault"',
        'acknowledged as 8 at 4.000 s, 2.0 s after "a fault"',
        'given out by n1 as 8 at 5.000 s, delivery 2',
        'given out by n1 as 8 at 6.000 s, as a message that the consumer left behind',
        'a gateway answered 8 to n1 at 7.000 s: deleted',
      ],
    ]);
  });
});
