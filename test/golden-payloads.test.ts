// SPDX-License-Identifier: Apache-2.0
import { readdirSync, readFileSync } from 'node:fs';
import { expect } from 'chai';
import {
  type Conversion,
  type EventBatchParams,
  type Impression,
  type LogEvent,
  OptimizelySpanProcessor,
} from 'opentelemetry-exporter-optimizely';

const DATAFILE = 'datafile.json';

/** What is recorded, and what must go out for it: checked by hand against Optimizely's Events API. */
interface Golden {
  title: string;
  /** Members that differ from `datafile.json`. */
  datafile?: object;
  impression?: Impression;
  conversion?: Conversion;
  url: string;
  /** Without `client_version`, which package.json has. */
  params: Omit<EventBatchParams, 'client_version'>;
}

describe('golden payloads', () => {
  const directory = new URL('golden/', import.meta.url);
  const read = <T>(name: string): T => JSON.parse(readFileSync(new URL(name, directory), 'utf8')) as T;
  const { version } = read<{ version: string }>('../../package.json');

  for (const name of readdirSync(directory).filter(name => name !== DATAFILE)) {
    const { title, datafile, impression, conversion, url, params } = read<Golden>(name);

    it(`sends ${title} (${name})`, async () => {
      const sent: LogEvent[] = [];
      const processor = new OptimizelySpanProcessor({
        datafile: { ...read<object>(DATAFILE), ...datafile },
        eventDispatcher: {
          dispatchEvent: async logEvent => {
            sent.push(logEvent);
            return { statusCode: 204 };
          },
        },
      });
      const uuids = [
        impression && processor.recordImpression(impression),
        conversion && processor.recordConversion(conversion),
      ];
      await processor.shutdown();

      expect(uuids).to.have.members([undefined, (impression ?? conversion)?.uuid]);
      expect(sent).to.have.lengthOf(1);
      const [logEvent] = sent;
      const expected = { ...params, client_version: version };
      expect(JSON.parse(logEvent?.body ?? '')).to.deep.equal(expected);
      expect({ ...logEvent, body: undefined }).to.deep.equal({
        httpVerb: 'POST',
        url,
        headers: { 'Content-Type': 'application/json' },
        params: expected,
        body: undefined,
      });
    });
  }
});
