// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { endCommands, run } from './command.js';

describe('the command of the package', () => {
  afterEach(endCommands);

  it('with --help says what there is, and what leaves the machine', async () => {
    for (const args of [['--help'], ['-h'], ['help'], ['store', 'ls', '--help']]) {
      const { code, stdout, stderr } = await run(args);
      expect({ code, stderr }).to.deep.equal({ code: 0, stderr: '' });
      for (const word of ['store ls', 'store replay', 'Nothing leaves this machine', 'Exit codes']) {
        expect(stdout).to.contain(word);
      }
    }
  });

  it('with --version says that of the package', async () => {
    const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
      version: string;
    };
    expect(await run(['--version'])).to.deep.equal({ code: 0, stdout: `${version}\n`, stderr: '' });
  });

  for (const [args, message] of [
    [[], 'a command is missing: store ls or store replay'],
    [['stor'], 'there is no command "stor"'],
    [['inspect'], 'inspect is a command of optimizely-event-inspector'],
    [['store'], 'store takes ls or replay'],
    [['store', 'ls'], 'store takes one directory'],
    [['store', 'ls', '.', '--all'], "'--all'"],
    [['store', 'replay', '.', '--endpoint', 'x'], '--endpoint must be'],
    [['store', 'replay', '.', '--datafile', 'a', '--sdk-key', 'b'], 'exclude each other'],
    [['store', 'replay', '.', '--give-up-after', '0'], '--give-up-after must be a whole number from 1'],
  ] as const) {
    it(`called wrongly ("${args.join(' ')}") ends with 2 and says how`, async () => {
      const { code, stdout, stderr } = await run(args);
      expect({ code, stdout }).to.deep.equal({ code: 2, stdout: '' });
      expect(stderr).to.contain(message).and.to.contain('--help');
    });
  }
});
