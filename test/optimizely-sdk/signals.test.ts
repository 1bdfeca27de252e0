// SPDX-License-Identifier: Apache-2.0
import { expect } from 'chai';
import { createSpanEventDispatcher } from 'opentelemetry-exporter-optimizely/optimizely-sdk';
import { useApplication } from '../logs/harness.js';
import { type ClientOptions, makeClient, VERSIONS } from './clients.js';
import { readDatafile } from './datafiles.js';

describe("beside span events, the official SDK's events", () => {
  const { makeApplication } = useApplication();
  const datafile = readDatafile();

  for (const version of VERSIONS) {
    const track = (options: Omit<ClientOptions, 'datafile'>, count = 1) => {
      const client = makeClient(version, { datafile, ...options });
      for (let n = 0; n < count; n++) client.track('purchase', 'ann');
      return client;
    };

    it(`are log records where the signal is log, SDK ${version}`, async () => {
      const { processor, inSpan, records, received } = await makeApplication({
        processors: [{ emitAs: 'log-record', datafile }],
      });
      const eventDispatcher = createSpanEventDispatcher(processor);
      const spanEvents = inSpan(() => track({ eventDispatcher }));
      expect(spanEvents).to.deep.equal([]);
      expect(records().map(({ eventName }) => eventName)).to.deep.equal(['optimizely.conversion']);
      expect(await received(), 'once, however it is shown').to.have.length(1);

      const client = track({ eventDispatcher, batchSize: 2 }, 2);
      await new Promise(resolve => setImmediate(resolve));
      await client.close();
      expect(await received()).to.have.length(3);
      expect(records(), 'none of a batch of several').to.have.length(1);
    });
  }
});
