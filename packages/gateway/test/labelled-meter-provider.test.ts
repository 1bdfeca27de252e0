// SPDX-License-Identifier: Apache-2.0
import type { Attributes, MeterProvider, ObservableCallback, UpDownCounter } from '@opentelemetry/api';
import { expect } from 'chai';
import { labelledMeterProvider } from '../src/projects/labelled-meter-provider.js';

const INSERTED = { reason: 'new' };
const DROPPED = { reason: 'old' };

function makeCounter(): { counter: UpDownCounter; added: [number, Attributes | undefined][] } {
  const added: [number, Attributes | undefined][] = [];
  const createUpDownCounter = () => ({
    add: (value: number, attributes?: Attributes) => added.push([value, attributes]),
  });
  const provider = { getMeter: () => ({ createUpDownCounter }) } as unknown as MeterProvider;
  const labelled = labelledMeterProvider(provider, { project: 'shop' });
  return { counter: labelled.getMeter('test').createUpDownCounter('pending'), added };
}

describe('the counters of a project', () => {
  it('are told once what is added in one go, with the label of the project', async () => {
    const { counter, added } = makeCounter();
    for (let n = 0; n < 500; n++) counter.add(1, INSERTED);
    counter.add(-2, DROPPED);
    counter.add(5);
    await Promise.resolve();
    expect(added).to.deep.equal([
      [500, { reason: 'new', project: 'shop' }],
      [-2, { reason: 'old', project: 'shop' }],
      [5, { project: 'shop' }],
    ]);
  });

  it('are told anew of what is added later', async () => {
    const { counter, added } = makeCounter();
    counter.add(1, INSERTED);
    await Promise.resolve();
    counter.add(2, INSERTED);
    await Promise.resolve();
    expect(added.map(([value]) => value)).to.deep.equal([1, 2]);
  });
});

describe('what is observed of a project', () => {
  it('has its label, and is asked for no more once the project has gone', () => {
    const asked = new Set<ObservableCallback>();
    const createObservableGauge = () => ({
      addCallback: (callback: ObservableCallback) => void asked.add(callback),
      removeCallback: (callback: ObservableCallback) => void asked.delete(callback),
    });
    const provider = { getMeter: () => ({ createObservableGauge }) } as unknown as MeterProvider;
    const gauge = labelledMeterProvider(provider, { project: 'shop' })
      .getMeter('test')
      .createObservableUpDownCounter('size');
    const observed: [number, Attributes | undefined][] = [];
    const callback: ObservableCallback = result => result.observe(7, INSERTED);
    gauge.addCallback(callback);
    for (const ask of asked)
      void ask({ observe: (value, attributes) => void observed.push([value, attributes]) });
    expect(observed).to.deep.equal([[7, { reason: 'new', project: 'shop' }]]);
    gauge.removeCallback(callback);
    gauge.removeCallback(callback);
    expect(asked.size).to.equal(0);
  });
});
