// SPDX-License-Identifier: Apache-2.0
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { endCommands, run } from './command.js';

/** What nine SDKs of Optimizely's send; the exporter's own test says where it is from. */
const FOLDER = new URL('../../../test/testing/sdk-payloads/', import.meta.url);
const FILES = readdirSync(FOLDER).filter(name => name.endsWith('.jsonl'));
const pathOf = (name: string) => fileURLToPath(new URL(name, FOLDER));
const linesOf = (name: string) => readFileSync(pathOf(name), 'utf8').trim().split('\n');

/** Revenues that the applications gave, and that their SDKs leave out: the events count without. */
const MISREAD: Readonly<Record<string, number>> = { 'java.jsonl': 1, 'python.jsonl': 2 };

interface Payload {
  readonly visitors: { readonly snapshots: { readonly decisions?: Record<string, unknown>[] }[] }[];
}

describe("what Optimizely's other SDKs send", () => {
  afterEach(endCommands);

  for (const file of FILES) {
    it(`passes validate, but for a misread revenue and the user agent of curl, with and without the datafile: ${file}`, async () => {
      for (const args of [[], ['--datafile', pathOf('datafile.json')]]) {
        const { code, stdout, stderr } = await run(['validate', pathOf(file), ...args]);
        const misread = MISREAD[file] ?? 0;
        expect(stdout.match(/! revenue_misread: .* nothing is counted/g) ?? []).to.have.lengthOf(misread);
        const bots = linesOf(file).filter(line => line.includes('"curl"')).length;
        expect(stdout.match(/! bot: /g) ?? []).to.have.lengthOf(bots);
        const problems = misread + bots;
        const found = ['no problems', '1 problem'][problems] ?? `${problems} problems`;
        expect(stdout).to.match(new RegExp(`^\\d+ payloads, \\d+ events: ${found}$`, 'm'));
        expect(stdout).not.to.include('✕');
        expect({ code, stderr }).to.deep.equal({ code: problems === 0 ? 0 : 1, stderr: '' });
      }
    });
  }

  it('is told by validate where a decision that a rule made has lost its ids', async () => {
    for (const file of FILES) {
      const wrong = linesOf(file).flatMap(line => {
        const payload = JSON.parse(line) as Payload;
        const decision = payload.visitors[0]?.snapshots[0]?.decisions?.[0];
        if (!decision?.experiment_id) return [];
        return [
          JSON.stringify(payload).replace(/"(experiment_id|campaign_id|entity_id)":"[^"]+"/g, '"$1":""'),
        ];
      });
      const { code, stdout } = await run(['validate', '-'], { input: wrong.join('\n') });
      expect(code).to.equal(1);
      expect(stdout).to.include('experiment_id is "": send a non-empty string');
    }
  });
});
