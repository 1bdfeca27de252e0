// SPDX-License-Identifier: Apache-2.0
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { optionalMembers } from './polluted/members.js';

const run = promisify(execFile);
const pathOf = (name: string) => fileURLToPath(new URL(name, import.meta.url));

/** Of objects of the package, and of what applications hand over, each by its name. */
const MEMBERS = optionalMembers(pathOf('../src'));
/** By which they are read elsewhere than in objects that TypeScript knows: datafiles, requests of Optimizely's SDK, spans. */
const OF_DATA = [
  ...['sendFlagDecisions', 'anonymizeIP', 'region', 'groups', 'holdouts', 'layerId', 'type', 'key'],
  ...['visitor_id', 'snapshots', 'metadata', 'entity_id', 'client_name', 'enrich_decisions'],
  ...['optimizely.event.uuid', 'optimizely.rule.type', 'feature_flag.result.reason', 'error.type'],
  ...['ticket', 'settlement', 'envelope', 'json', 'unusable', 'dropped', 'reason', 'isBusy', 'stop'],
];

describe('in a process where all objects have a member more', () => {
  for (const when of ['before', 'after']) {
    it(`sends, counts, and logs the same, whatever its name, when it was put there ${when} the package was loaded`, async function () {
      this.timeout(120_000);
      const names = [...new Set([...MEMBERS, ...OF_DATA])];
      const env = {
        ...process.env,
        NAMES: JSON.stringify(names),
        WHEN: when,
        NODE_OPTIONS: '',
        NODE_NO_WARNINGS: '1',
      };
      const { stdout } = await run(process.execPath, [pathOf('polluted/child.cjs')], { env, maxBuffer: 1e8 });
      const { tried, differing } = JSON.parse(stdout);
      expect(differing).to.deep.equal([]);
      expect(tried).to.be.above(200);
    });
  }
});
