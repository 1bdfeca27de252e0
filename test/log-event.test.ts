// SPDX-License-Identifier: Apache-2.0
import { expect } from 'chai';
import {
  bodyOf,
  type EventBatchParams,
  EventFactory,
  type LogEvent,
} from 'opentelemetry-exporter-optimizely';
import { makeContext, makeUserEvent } from './support/fakes.js';

const make = (options = {}) =>
  new EventFactory(options).createLogEvent([makeUserEvent({ uuid: 'a' }), makeUserEvent({ uuid: 'b' })]);

/** As the text stands on the wire. */
const wire = (logEvent: Parameters<typeof bodyOf>[0]) => JSON.parse(bodyOf(logEvent)) as EventBatchParams;

describe('EventFactory and LogEvent', () => {
  it('has httpVerb, url, params, headers and body as own enumerable members', () => {
    const logEvent = make();
    expect(Object.keys(logEvent)).to.have.members(['httpVerb', 'url', 'params', 'headers', 'body']);
    expect(logEvent).to.deep.include({ httpVerb: 'POST', url: 'https://logx.optimizely.com/v1/events' });
    expect(logEvent.headers).to.deep.equal({ 'Content-Type': 'application/json' });
    expect(JSON.parse(logEvent.body)).to.deep.equal(logEvent.params);
    expect(logEvent.params).to.deep.include({
      account_id: 'account',
      enrich_decisions: true,
      anonymize_ip: false,
    });
    expect(logEvent.params.visitors).to.have.length(2);
    expect(Object.getPrototypeOf(logEvent.params)).to.equal(Object.prototype);
  });

  it('goes to the region of the context, or to the endpoint given', () => {
    const factory = new EventFactory();
    const eu = factory.createLogEvent([makeUserEvent({ context: makeContext({ region: 'EU' }) })]);
    expect(eu.url).to.equal('https://eu.logx.optimizely.com/v1/events');
    expect(make({ endpoint: 'http://127.0.0.1:9/x' }).url).to.equal('http://127.0.0.1:9/x');
  });

  it('asks for strict checks only where told to', () => {
    expect(make({ strict: true }).headers).to.include({ 'X-Optimizely-Strict': 'true' });
  });

  it('refuses to mix contexts, and to make a request of nothing', () => {
    const events = [makeUserEvent(), makeUserEvent({ context: makeContext({ revision: '2' }) })];
    expect(() => new EventFactory().createLogEvent(events)).to.throw(TypeError, /one context/);
    expect(() => new EventFactory().createLogEvent([])).to.throw(TypeError);
  });

  it('puts the visitors into the envelope that a context brings', () => {
    const event = (envelope: string) => makeUserEvent({ context: makeContext({ envelope }) });
    const own = new EventFactory().createLogEvent([event('{"account_id":"a","client_id":7}')]);
    expect(wire(own)).to.deep.include({ account_id: 'a', client_id: 7 }).and.not.have.property('revision');
    expect(wire(own).visitors).to.have.length(1);
    const empty = new EventFactory().createLogEvent([event('{}')]);
    expect(Object.keys(wire(empty))).to.deep.equal(['visitors']);
  });

  const redact = (logEvent: LogEvent) => {
    for (const visitor of logEvent.params.visitors) visitor.visitor_id = 'redacted';
  };

  it('body follows what is done to params', () => {
    const logEvent = make();
    redact(logEvent);
    expect(wire(logEvent).visitors[0]?.visitor_id).to.equal('redacted');
    expect(JSON.stringify(logEvent)).not.to.include('"v"');
  });

  it('body follows params that are replaced, and params follow a body that is replaced', () => {
    const logEvent = make();
    logEvent.params = { ...logEvent.params, project_id: 'replaced' };
    expect(wire(logEvent).project_id).to.equal('replaced');
    logEvent.body = JSON.stringify({ ...logEvent.params, project_id: 'again' });
    expect(logEvent.params.project_id).to.equal('again');
    expect(wire(logEvent).project_id).to.equal('again');
  });

  it('params win over the body of a copy, whenever they are changed', () => {
    const original = make();
    const copy = { ...original, url: 'http://127.0.0.1:9/copy' };
    redact(copy);
    expect(copy.body, 'the copied text is stale').to.include('"v"');
    expect(wire(copy).visitors.map(visitor => visitor.visitor_id)).to.deep.equal(['redacted', 'redacted']);
    const assigned = Object.assign({}, make());
    redact(assigned);
    expect(wire(assigned).visitors[0]?.visitor_id).to.equal('redacted');
  });

  it('sends a LogEvent without body, as the official SDK makes them, and one without params', () => {
    const { params, body } = make();
    expect(bodyOf({ url: 'x', httpVerb: 'POST', params })).to.equal(JSON.stringify(params));
    expect(bodyOf({ url: 'x', body })).to.equal(body);
  });
});
