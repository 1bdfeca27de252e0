// SPDX-License-Identifier: Apache-2.0
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { startLocalEventsEndpoint } from 'opentelemetry-exporter-optimizely/testing';

const FOLDER = join(__dirname, 'sdk-payloads');
const DATAFILE = join(FOLDER, 'datafile.json');

interface Payload {
  readonly client_name: string;
  readonly visitors: {
    snapshots: { decisions?: Record<string, unknown>[]; events: Record<string, unknown>[] }[];
  }[];
}

/**
 * One request a line. Those of python, java and javascript were sent by the SDKs 5.7.0, 4.2.2 (with Gson) and 6.6.1 for
 * `datafile.json`; the others are written after what the source of each SDK sends. Each file has decisions by a rule, of a
 * flag that decided nothing and forced for a flag, and conversions.
 */
const SDKS = readdirSync(FOLDER)
  .filter(name => name.endsWith('.jsonl'))
  .map(name => name.slice(0, -'.jsonl'.length));

const linesOf = (sdk: string) =>
  readFileSync(join(FOLDER, `${sdk}.jsonl`), 'utf8')
    .trim()
    .split('\n');
const payloadsOf = (sdk: string) => linesOf(sdk).map(line => JSON.parse(line) as Payload);

/** Revenues that the applications gave, and that their SDKs leave out. */
const MISREAD: Readonly<Record<string, readonly string[]>> = { java: ['42.5'], python: ['42.5', '"4200"'] };

describe("what Optimizely's other SDKs send", () => {
  it('is here of nine of them', () => {
    expect(SDKS).to.have.members([
      ...['android', 'csharp', 'go', 'java', 'javascript', 'php', 'python', 'ruby', 'swift'],
    ]);
    for (const sdk of SDKS) {
      const decisions = payloadsOf(sdk).flatMap(({ visitors }) =>
        visitors.flatMap(({ snapshots }) => snapshots.flatMap(snapshot => snapshot.decisions ?? [])),
      );
      const unattributed = decisions.filter(({ experiment_id }) => !experiment_id);
      expect(unattributed.length, sdk).to.be.at.least(2);
      expect(decisions.length, sdk).to.be.greaterThan(unattributed.length);
    }
  });

  for (const sdk of SDKS) {
    it(`has no problem but a misread revenue at the local endpoint, strict or not: ${sdk}`, async () => {
      const endpoint = await startLocalEventsEndpoint({ datafile: readFileSync(DATAFILE, 'utf8') });
      try {
        for (const headers of [{}, { 'X-Optimizely-Strict': 'true' }] as Record<string, string>[]) {
          for (const body of linesOf(sdk)) {
            const uuid = () => crypto.randomUUID();
            const sent = body.replace(/"uuid":"[^"]*"/g, () => `"uuid":"${uuid()}"`);
            const response = await fetch(endpoint.url, { method: 'POST', body: sent, headers });
            expect(response.status, await response.text()).to.equal(204);
          }
        }
        const problems = endpoint.batches.flatMap(batch => [
          ...batch.problems,
          ...batch.events.flatMap(event => event.problems),
        ]);
        // Their SDKs do not count these amounts, and the events count without: each is told, and none is refused.
        const misread = (MISREAD[sdk] ?? []).map(tag => ({
          code: 'revenue_misread',
          message: `the tag revenue is ${tag}, and nothing is counted: give whole cents`,
        }));
        expect(problems).to.deep.equal([...misread, ...misread]);
      } finally {
        await endpoint.close();
      }
    });
  }
});
