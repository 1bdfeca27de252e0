// SPDX-License-Identifier: Apache-2.0
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { codeBlocks } from '../../../test/docs/markdown.js';
import { skip } from '../../../test/support/skip.js';

const SENDERS = fileURLToPath(new URL('./senders', import.meta.url));

describe('docs/other-languages.md', () => {
  for (const [language, file] of [
    ['python', 'python/experiments.py'],
    ['go', 'go/experiments/experiments.go'],
    ['java', 'java/src/main/java/Experiments.java'],
    ['rust', 'rust/src/experiments.rs'],
  ] as const) {
    it(`shows the ${language} code that the tests run`, () => {
      const [shown] = codeBlocks('docs/other-languages.md').filter(block => block.language === language);
      expect(shown?.code.trimEnd()).to.equal(readFileSync(join(SENDERS, file), 'utf8').trimEnd());
    });
  }

  // What they need beside it can't be had from their registries everywhere: their own parsers are.
  for (const [language, command, option, opening] of [
    ['ruby', 'ruby', '-c', ''],
    ['php', 'php', '-l', '<?php\n'],
  ] as const) {
    it(`shows ${language} code that its interpreter can parse`, function () {
      if (spawnSync(command, ['--version']).status !== 0) skip(this, `no ${command}`);
      const blocks = codeBlocks('docs/other-languages.md').filter(block => block.language === language);
      expect(blocks).to.have.length(2);
      for (const { code } of blocks) {
        const { status, stdout, stderr } = spawnSync(command, [option], {
          input: opening + code,
          encoding: 'utf8',
        });
        expect(status, stdout + stderr).to.equal(0);
      }
    });
  }
});
