// SPDX-License-Identifier: Apache-2.0
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect } from 'chai';
import {
  createOptimizelySpanProcessorFromEnv,
  FileDatafileCache,
  OptimizelySpanProcessor,
  PollingProjectConfigManager,
  StaticProjectConfigManager,
} from 'opentelemetry-exporter-optimizely';
import { startLocalEventsEndpoint } from 'opentelemetry-exporter-optimizely/testing';
import { makeDatafile } from './support/datafile.js';
import { startDatafileServer } from './support/datafile-server.js';
import { RecordingDispatcher, RecordingLogger } from './support/fakes.js';
import { hang } from './support/hostile-server.js';

const MARK = '\ufeff';
const DATAFILE = makeDatafile({
  events: [
    { id: '300', key: 'purchase' },
    { id: '301', key: 'größe 🎈' },
  ],
});
const TEXT = JSON.stringify(DATAFILE);

const utf16be = (text: string) => Buffer.from(text, 'utf16le').swap16();

/** What editors, PowerShell and .NET make of a datafile. */
const ENCODED: readonly [string, Buffer][] = [
  ['UTF-8 with a byte order mark', Buffer.from(MARK + TEXT)],
  ['UTF-16LE with a byte order mark', Buffer.from(MARK + TEXT, 'utf16le')],
  ['UTF-16BE with a byte order mark', utf16be(MARK + TEXT)],
  ['UTF-16LE', Buffer.from(TEXT, 'utf16le')],
  ['UTF-16BE', utf16be(TEXT)],
];

describe('a datafile with a byte order mark', () => {
  let directory: string;
  const closing: (() => unknown)[] = [];

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'optimizely-bom-'));
  });

  afterEach(async () => {
    for (const name of Object.keys(process.env)) if (name.startsWith('OPTIMIZELY_')) delete process.env[name];
    await Promise.all(closing.splice(0).map(close => close()));
    await rm(directory, { recursive: true });
  });

  it('is in force as text, in every option and from a manager', () => {
    const logger = new RecordingLogger();
    const datafile = MARK + TEXT;
    expect(new StaticProjectConfigManager({ datafile, logger }).getConfig()?.context.revision).to.equal('7');
    for (const source of [{ datafile }, { projectConfigManager: { getConfig: () => datafile } }]) {
      const eventDispatcher = new RecordingDispatcher();
      const processor = new OptimizelySpanProcessor({ ...source, eventDispatcher, logger });
      closing.push(() => processor.shutdown());
      expect(processor.recordConversion({ userId: 'v', eventKey: 'purchase' })).to.be.a('string');
      expect(processor.ledger().dropped).to.deep.equal({});
    }
    expect(logger.at('error')).to.deep.equal([]);
  });

  it('is what the local endpoint checks ids against', async () => {
    const endpoint = await startLocalEventsEndpoint({ datafile: MARK + TEXT });
    await endpoint.close();
  });

  for (const [name, bytes] of ENCODED) {
    it(`is in force from a file: ${name}`, () => {
      const logger = new RecordingLogger();
      const path = join(directory, 'datafile.json');
      return writeFile(path, bytes).then(() => {
        process.env.OPTIMIZELY_DATAFILE_PATH = path;
        const processor = createOptimizelySpanProcessorFromEnv({
          eventDispatcher: new RecordingDispatcher(),
          logger,
        });
        closing.push(() => processor.shutdown());
        expect(processor.recordConversion({ userId: 'v', eventKey: 'größe 🎈' })).to.be.a('string');
        expect([processor.ledger().dropped, logger.at('error')]).to.deep.equal([{}, []]);
      });
    });

    for (const packed of [false, true]) {
      it(`is in force as it is fetched, ${packed ? 'packed' : 'plain'}: ${name}`, async () => {
        const server = await startDatafileServer(response => {
          response.writeHead(200, packed ? { 'Content-Encoding': 'gzip' } : {});
          response.end(packed ? gzipSync(bytes) : bytes);
        });
        closing.push(() => server.close());
        const logger = new RecordingLogger();
        const options = { sdkKey: 'key', urlTemplate: server.urlTemplate, logger };
        const manager = new PollingProjectConfigManager(options);
        closing.push(() => manager.stop());
        expect(await manager.onReady()).to.equal(true);
        expect(manager.getConfig()?.findEventId('größe 🎈')).to.equal('301');
        await manager.stop();
        expect(logger.lines).to.deep.equal([]);
      });
    }
  }

  it('is in force from a cache while the server does not answer', async () => {
    const server = await startDatafileServer(hang);
    closing.push(() => server.close());
    const manager = new PollingProjectConfigManager({
      sdkKey: 'key',
      urlTemplate: server.urlTemplate,
      cache: { get: () => MARK + TEXT, set: () => {} },
      logger: new RecordingLogger(),
    });
    closing.push(() => manager.stop());
    expect(await manager.onReady()).to.equal(true);
  });

  it('is in force from a file of FileDatafileCache that was written over', async () => {
    const cache = new FileDatafileCache({ directory });
    await cache.set('optimizely-datafile-key', '{}');
    const [file = ''] = await readdir(directory);
    await writeFile(join(directory, file), Buffer.from(MARK + TEXT, 'utf16le'));
    expect(await cache.get('optimizely-datafile-key')).to.equal(TEXT);
  });
});
