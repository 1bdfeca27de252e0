// SPDX-License-Identifier: Apache-2.0
import { expect } from 'chai';
import fc from 'fast-check';
import { queueLimits } from '../src/projects/processor-options.js';
import { resolveServerOptions } from '../src/server/server-options.js';

const MIB = 1_048_576;

describe('limits of memory', () => {
  it('are those of docs/gateway.md where the heap is large', () => {
    expect(queueLimits({ source: { kind: 'none' } }, 4_096 * MIB, 1)).to.deep.equal({
      maxQueueSize: 200_000,
      maxQueueBytes: 134_217_728,
    });
    expect(resolveServerOptions({}, 4_096 * MIB)).to.deep.include({
      maxRequestBytesInFlight: 268_435_456,
      maxBodyBytes: 16_777_216,
    });
  });

  it('follow a small heap, which all projects share', () => {
    const heap = 256 * MIB;
    for (const projects of [1, 2, 10]) {
      const { maxQueueSize, maxQueueBytes } = queueLimits({ source: { kind: 'none' } }, heap, projects);
      expect(projects * (maxQueueSize * 1_000 + maxQueueBytes)).to.be.within(heap / 2, heap * 0.75);
    }
    expect(resolveServerOptions({}, heap).maxRequestBytesInFlight).to.equal(64 * MIB);
  });

  it('are what is given where something is', () => {
    const given = { source: { kind: 'none' }, maxQueueSize: 1_000_000, maxQueueBytes: 5_000 } as const;
    expect(queueLimits(given, 256 * MIB, 3)).to.deep.equal({ maxQueueSize: 1_000_000, maxQueueBytes: 5_000 });
    const options = { maxRequestBytesInFlight: 100 * MIB, maxBodyBytes: 1_000 };
    expect(resolveServerOptions(options, 64 * MIB)).to.deep.include(options);
  });

  it('always have room for the largest body, packed and unpacked', () => {
    const size = fc.option(fc.integer({ min: 1, max: 2_000 * MIB }), { nil: undefined });
    fc.assert(
      fc.property(size, size, fc.integer({ min: 64 * MIB, max: 8_192 * MIB }), (inFlight, body, heap) => {
        fc.pre(inFlight === undefined || inFlight > 10_000);
        const options = { maxRequestBytesInFlight: inFlight, maxBodyBytes: body };
        const { maxRequestBytesInFlight, maxBodyBytes } = resolveServerOptions(options, heap);
        expect(2 * maxBodyBytes + 4_096).to.be.at.most(maxRequestBytesInFlight);
        if (inFlight === undefined) expect(maxBodyBytes).to.equal(body ?? 16_777_216);
      }),
    );
  });
});
