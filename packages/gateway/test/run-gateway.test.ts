// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { makeDatafile } from '../../../test/support/datafile.js';
import { runGateway } from '../src/cli/run-gateway.js';

describe('the command, while it starts', () => {
  const folder = mkdtempSync(join(tmpdir(), 'run-gateway-'));
  after(() => rmSync(folder, { recursive: true }));

  it('remembers a SIGHUP, and reads the configuration again once it has started', async () => {
    const datafile = join(folder, 'datafile.json');
    writeFileSync(datafile, JSON.stringify(makeDatafile()));
    const ignore = () => {};
    let info: (line: string) => void = ignore;
    const reloaded = new Promise<void>(resolve => {
      info = line => {
        if (line.includes('were read again')) resolve();
      };
    });
    const logger = { error: ignore, warn: ignore, info: (line: string) => info(line), debug: ignore };
    const ended = runGateway({ datafile, endpoint: 'http://127.0.0.1:9', port: 0, logger });
    process.emit('SIGHUP', 'SIGHUP');
    await reloaded;
    process.emit('SIGTERM', 'SIGTERM');
    expect(await ended).to.equal(0);
  });
});
