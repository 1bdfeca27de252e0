// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { codeBlocks } from '../../../test/docs/markdown.js';

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
});
