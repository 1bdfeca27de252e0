// SPDX-License-Identifier: Apache-2.0
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { endCommands, run, start } from './command.js';
import { batchOf, conversion, impression, makeDatafile } from './harness.js';

describe('inspect: validate', () => {
  let directory: string;
  let datafile: string;

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'validate-'));
    datafile = join(directory, 'datafile.json');
    await writeFile(datafile, JSON.stringify(makeDatafile()));
  });
  after(() => rm(directory, { recursive: true }));
  afterEach(endCommands);

  const validate = (input: string, ...args: string[]) => run(['validate', '-', ...args], { input });
  const good = () => batchOf([impression(), conversion()]);

  it('takes a payload that is right, and ends with 0', async () => {
    const { code, stdout, stderr } = await validate(JSON.stringify(good(), null, 2), '--datafile', datafile);
    expect({ code, stdout, stderr }).to.deep.equal({
      code: 0,
      stdout: '1 payload, 2 events: no problems\n',
      stderr: '',
    });
  });

  it('says of each event what is wrong, and ends with 1', async () => {
    const batch = batchOf([
      impression({ decision: { variation_id: '9' } }),
      impression(),
      conversion({ event: { revenue: 4.2 } }),
    ]);
    const { code, stdout } = await validate(JSON.stringify(batch), '--datafile', datafile);
    expect(code).to.equal(1);
    expect(stdout.split('\n')).to.deep.equal([
      'event 1 (impression banner): ✕ unknown_variation: variation_id "9" is not this experiment\'s: send the id, not the key',
      'event 3 (purchase): ✕ revenue_not_integer: revenue 4.2 is not a whole number: send cents',
      '1 payload, 3 events: 2 problems',
      '',
    ]);
  });

  it('reads a file of them, one a line, and looks across its lines', async () => {
    const file = join(directory, 'sent.jsonl');
    const twice = JSON.stringify(batchOf([impression({ uuid: 'one' })]));
    const logEvent = JSON.stringify({
      url: 'https://logx.optimizely.com/v1/events',
      httpVerb: 'POST',
      params: batchOf([conversion({ visitorId: 'eve' })]),
    });
    await writeFile(file, `${twice}\n\n${twice}\n{"visitors":\n"text"\n${logEvent}\n`);
    const { code, stdout } = await run(['validate', file]);
    expect(code).to.equal(1);
    const lines = stdout.split('\n');
    expect(lines).to.include('line 4: ✕ refused: it is not valid JSON');
    expect(lines).to.include('line 5: ✕ refused: it is not a JSON object with a list "visitors"');
    expect(stdout).to.match(/^line 3, event 1 \(impression banner\): ✕ duplicate: /m);
    expect(stdout).to.match(/^line 6, event 1 \(purchase\): ✕ no_earlier_decision: /m);
    expect(lines).to.include('3 payloads, 3 events: 4 problems');
  });

  it('tells a LogEvent that goes to another region than that of the datafile', async () => {
    const file = join(directory, 'eu.json');
    await writeFile(file, JSON.stringify(makeDatafile({ region: 'EU' })));
    const logEventTo = (host: string) =>
      JSON.stringify({ url: `https://${host}/v1/events`, httpVerb: 'POST', params: batchOf([impression()]) });
    const { code, stdout } = await validate(logEventTo('logx.optimizely.com'), '--datafile', file);
    expect(code).to.equal(1);
    expect(stdout).to.contain('✕ wrong_region: it goes to logx.optimizely.com').and.to.contain('1 problem');
    expect(await validate(logEventTo('eu.logx.optimizely.com'), '--datafile', file)).to.include({ code: 0 });
    expect(await validate(logEventTo('127.0.0.1'), '--datafile', file)).to.include({ code: 0 });
  });

  const MARK = '\ufeff';
  for (const [encoding, encode] of Object.entries({
    'UTF-8 with a byte order mark': (text: string) => Buffer.from(MARK + text),
    'UTF-16LE with a byte order mark': (text: string) => Buffer.from(MARK + text, 'utf16le'),
    'UTF-16BE with a byte order mark': (text: string) => Buffer.from(MARK + text, 'utf16le').swap16(),
    'UTF-16LE': (text: string) => Buffer.from(text, 'utf16le'),
    'UTF-16BE': (text: string) => Buffer.from(text, 'utf16le').swap16(),
  })) {
    it(`reads files and datafiles that editors have saved as ${encoding}`, async () => {
      const [sent, saved] = [join(directory, 'sent.json'), join(directory, 'saved.json')];
      await writeFile(sent, encode(JSON.stringify(good())));
      await writeFile(saved, encode(JSON.stringify(makeDatafile())));
      const { code, stdout, stderr } = await run(['validate', sent, '--datafile', saved]);
      expect({ code, stdout, stderr }).to.deep.equal({
        code: 0,
        stdout: '1 payload, 2 events: no problems\n',
        stderr: '',
      });
    });
  }

  it('reads a JSON list of them', async () => {
    const { code, stdout } = await validate(JSON.stringify([good(), batchOf([])]));
    expect(code).to.equal(1);
    expect(stdout).to.contain('item 2: ✕ malformed: the batch holds no events');
  });

  it('cannot tell of conversions alone whether a decision came before, and says so', async () => {
    const { code, stdout } = await validate(JSON.stringify(batchOf([conversion()])));
    expect(code).to.equal(0);
    expect(stdout).to.contain('event 1 (purchase): counts only after a decision of its visitor');
  });

  it('ends with 1 too where its reader has seen enough', async () => {
    const wrong = JSON.stringify(batchOf([impression({ decision: { variation_id: '9' } })]));
    const command = start(['validate', '-', '--datafile', datafile], {
      input: `${wrong}\n`.repeat(5_000),
    });
    await command.says(/unknown_variation/);
    command.closeStdout();
    expect((await command.ended).code).to.equal(1);
  });

  it('says that ids were not looked up where it has no datafile, and only there', async () => {
    const unknown = JSON.stringify(batchOf([impression({ decision: { variation_id: '9' } })]));
    const without = await validate(unknown);
    expect(without.code).to.equal(0);
    expect(without.stdout).to.equal(
      '1 payload, 1 event: no problems\nno datafile, so ids were not looked up: --datafile FILE or --sdk-key KEY\n',
    );
    const withOne = await validate(unknown, '--datafile', datafile);
    expect(withOne.code).to.equal(1);
    expect(withOne.stdout).to.include('unknown_variation').and.not.to.include('looked up');
  });

  it('does not mind how old a file is', async () => {
    const old = Date.now() - 86_400_000 * 30;
    const { code } = await validate(JSON.stringify(batchOf([impression({ timestamp: old })])));
    expect(code).to.equal(0);
  });

  it('ends with 1 for warnings too', async () => {
    const { code, stdout } = await validate(
      JSON.stringify(batchOf([impression({ visitorId: 'ada@example.com' })])),
    );
    expect(code).to.equal(1);
    expect(stdout)
      .to.contain('! personal_data: the visitor id looks like a mail address')
      .and.not.to.contain('ada@');
  });

  it('refuses what Optimizely would refuse', async () => {
    const { code, stdout } = await validate(
      JSON.stringify(batchOf([conversion({ event: { tags: { text: 'x'.repeat(3_500_000) } } })])),
    );
    expect(code).to.equal(1);
    expect(stdout).to.match(
      /the file: ✕ refused: it has 35\d{5} bytes, and Optimizely takes 3500000: split it/,
    );
  });

  it('ends with 1 where there is nothing to validate', async () => {
    for (const args of [
      ['validate', join(directory, 'none.json')],
      ['validate', directory],
      ['validate', '-'],
    ]) {
      const { code, stdout, stderr } = await run(args, { input: '\n' });
      expect({ code, stdout }).to.deep.equal({ code: 1, stdout: '' });
      expect(stderr).to.match(/can't be read|no payload/);
    }
  });
});
