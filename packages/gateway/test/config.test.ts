// SPDX-License-Identifier: Apache-2.0
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { ConfigError } from '../src/config/config-error.js';
import { CONFIG_SCHEMA } from '../src/config/config-schema.js';
import { readConfigFile } from '../src/config/read-config.js';
import { singleProject } from '../src/config/single-project.js';

describe('the configuration file', () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'gateway-config-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  function write(name: string, content: unknown): string {
    const path = join(folder, name);
    writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
    return path;
  }

  const read = (content: unknown, env: Record<string, string> = {}) =>
    readConfigFile(write('gateway.json', content), env);

  it('names projects, each with its source and options', () => {
    write('hash.key', ' a key of some length \n');
    const config = read(
      {
        projects: {
          shop: {
            sdkKey: 'abc',
            datafileAccessToken: { env: 'SHOP_TOKEN' },
            store: 'events',
            userIdHashKey: { file: 'hash.key' },
            batchSize: 100,
          },
          blog: { datafile: 'blog.json', ack: 'delivered', evaluationEvents: true },
          legacy: { projectId: '42' },
        },
        default: 'shop',
        ackTimeoutMillis: 5_000,
        server: { port: 0, tokenFile: 'tokens' },
      },
      { SHOP_TOKEN: 'secret' },
    );
    expect(config.projects.shop).to.deep.include({
      source: {
        kind: 'sdk-key',
        sdkKey: 'abc',
        accessToken: 'secret',
        urlTemplate: undefined,
        updateIntervalMillis: undefined,
      },
      store: join(folder, 'events'),
      userIdHashKey: 'a key of some length',
      batchSize: 100,
    });
    expect(config.projects.blog).to.deep.include({
      source: { kind: 'file', path: join(folder, 'blog.json') },
      ack: 'delivered',
      evaluationEvents: true,
    });
    expect(config.projects.legacy).to.deep.include({ source: { kind: 'none' }, projectId: '42' });
    expect(config).to.deep.include({ defaultProject: 'shop', ackTimeoutMillis: 5_000 });
    expect(config.server).to.deep.equal({ port: 0, tokenFile: join(folder, 'tokens') });
  });

  const shop = (options: Record<string, unknown>) => ({ projects: { shop: { sdkKey: 'abc', ...options } } });

  for (const [name, content, message] of [
    ['no projects', {}, 'the configuration must have "projects"'],
    ['what is not an object', [], 'the configuration must be an object'],
    [
      'an empty list of projects',
      { projects: {} },
      'projects must have at least one project, such as "shop": { "sdkKey": "KEY" }',
    ],
    [
      'a project that says nothing',
      { projects: { shop: {} } },
      'projects.shop must have sdkKey, datafile, or projectId',
    ],
    ['an option that there is not', shop({ batchsize: 1 }), 'projects.shop has no option "batchsize"'],
    ['a number as text', shop({ batchSize: '100' }), 'projects.shop.batchSize must be a whole number'],
    [
      'one store of two projects',
      {
        projects: { shop: { sdkKey: 'a', store: 'events' }, blog: { sdkKey: 'b', store: './x/../events' } },
      },
      'projects.blog.store is that of project shop: give each a directory of its own',
    ],
    ['a number below 1', shop({ maxQueueSize: 0 }), 'projects.shop.maxQueueSize must be at least 1'],
    ['a share above 1', shop({ maxSenderShare: 2 }), 'projects.shop.maxSenderShare must be at most 1'],
    ['a share of 0', shop({ maxSenderShare: 0 }), 'projects.shop.maxSenderShare must be more than 0'],
    ['empty text', shop({ store: '' }), 'projects.shop.store must be text that is not empty'],
    [
      'neither of two kinds',
      shop({ dedupe: 'yes' }),
      'projects.shop.dedupe must be true or false or an object',
    ],
    [
      'a mistake in one of two kinds',
      shop({ dedupe: { windowMillis: '1' } }),
      'projects.shop.dedupe.windowMillis must be a whole number',
    ],
    [
      'a relay without servers',
      { ...shop({}), relay: { servers: [] } },
      'relay.servers must be a list that is not empty',
    ],
    ['another ack', { ...shop({}), ack: 'soon' }, 'ack must be one of stored, delivered'],
    [
      'a default that there is not',
      { ...shop({}), default: 'blog' },
      'default must be the name of one of the projects',
    ],
    ['both sources', shop({ datafile: 'x.json' }), 'projects.shop must have sdkKey or datafile, not both'],
    [
      'no source',
      { projects: { shop: { batchSize: 1 } } },
      'projects.shop must have sdkKey, datafile, or projectId',
    ],
    [
      'a token without an SDK key',
      { projects: { shop: { datafile: 'x.json', datafileAccessToken: { env: 'T' } } } },
      'projects.shop.datafileAccessToken needs an sdkKey',
    ],
    [
      'a secret in the clear',
      shop({ userIdHashKey: 'a very secret key' }),
      'projects.shop.userIdHashKey must say where the secret is: { "env": "NAME" } or { "file": "PATH" }',
    ],
    [
      'a secret in two places',
      shop({ userIdHashKey: { env: 'A', file: 'b' } }),
      'projects.shop.userIdHashKey must say where the secret is: { "env": "NAME" } or { "file": "PATH" }',
    ],
    [
      'a secret without a place',
      shop({ datafileAccessToken: {} }),
      'projects.shop.datafileAccessToken must say where the secret is: { "env": "NAME" } or { "file": "PATH" }',
    ],
    [
      'a secret that is not set',
      shop({ userIdHashKey: { env: 'HASH_KEY' } }),
      'projects.shop.userIdHashKey: the environment variable HASH_KEY is not set',
    ],
    [
      'ack stored without a store',
      { ...shop({}), ack: 'stored' },
      'projects.shop: ack "stored" needs a store; name its directory, or use ack "delivered"',
    ],
    [
      'a name with spaces',
      { projects: { 'my shop': { sdkKey: 'a' } } },
      /the name of a project has 1 to 64 letters/,
    ],
    ['text that is not JSON', '{"projects": {,}}', /gateway\.json is not JSON: see line 1, column 15$/],
    [
      'an option of the server that there is not',
      { ...shop({}), server: { prot: 1 } },
      'server has no option "prot"',
    ],
  ] as const) {
    it(`refuses ${name}, and says what is wrong`, () => {
      expect(() => read(content))
        .to.throw(ConfigError)
        .with.property('message')
        .that.satisfies((said: string) =>
          typeof message === 'string' ? said === message : message.test(said),
        );
    });
  }

  it('never says what a secret is', () => {
    for (const options of [
      { userIdHashKey: 'hunter2' },
      { datafileAccessToken: 'hunter2' },
      { sdkKey: 1, ack: 'hunter2' },
    ]) {
      expect(() => read(shop(options)))
        .to.throw(ConfigError)
        .with.property('message')
        .that.does.not.include('hunter2');
    }
  });

  it('names a file that cannot be read', () => {
    expect(() => readConfigFile(join(folder, 'none.json'), {})).to.throw(
      ConfigError,
      /none\.json can't be read \(ENOENT\)/,
    );
    expect(() => read(shop({ userIdHashKey: { file: 'none' } }))).to.throw(
      ConfigError,
      /userIdHashKey: .*none can't be read/,
    );
  });

  it('does not wait for a named pipe or a device that it finds in place of a file', async function () {
    if (process.platform === 'win32') this.skip();
    const pipe = join(folder, 'pipe');
    execFileSync('mkfifo', [pipe]);
    // Who opens the pipe all the same finds a configuration in it, and waits for nothing.
    const writer = spawn('sh', [
      '-c',
      'while :; do echo \'{"projects":{"shop":{"projectId":"1"}}}\' > "$1"; done',
      'sh',
      pipe,
    ]);
    try {
      expect(() => readConfigFile(pipe, {})).to.throw(ConfigError, /pipe can't be read \(not a file\)/);
      expect(() => readConfigFile('/dev/null', {})).to.throw(
        ConfigError,
        /null can't be read \(not a file\)/,
      );
      expect(() => read(shop({ userIdHashKey: { file: 'pipe' } }))).to.throw(
        ConfigError,
        /userIdHashKey: .*pipe can't be read \(not a file\)/,
      );
    } finally {
      const ended = once(writer, 'exit');
      writer.kill('SIGKILL');
      await ended;
    }
  });

  it('may come through a pipe of the shell', function () {
    if (process.platform === 'win32') this.skip();
    const path = write('gateway.json', { projects: { piped: { projectId: '1' } } });
    const print = `import('${new URL('../src/config/read-config.ts', import.meta.url)}').then(
      ({ readConfigFile }) => console.log(Object.keys(readConfigFile('/dev/stdin', {}).projects)[0]));`;
    const printed = execFileSync(
      'sh',
      ['-c', 'cat "$1" | "$2" --import tsx -e "$3"', 'sh', path, process.execPath, print],
      {
        encoding: 'utf8',
      },
    );
    expect(printed.trim()).to.equal('piped');
  });

  it('is described member by member in docs/gateway.md', () => {
    const page = readFileSync(new URL('../../../docs/gateway.md', import.meta.url), 'utf8');
    const [section = ''] = page.slice(page.indexOf('## The configuration file')).split('\n## ', 1);
    const firstCells = [...section.matchAll(/^\| (`\w+`(?:, `\w+`)*) \|/gm)].map(([, names = '']) => names);
    const rows = firstCells.flatMap(names => names.replaceAll('`', '').split(', '));
    const { $schema: _, ...members } = CONFIG_SCHEMA.properties;
    const project = CONFIG_SCHEMA.properties.projects.additionalProperties.properties;
    const relay = CONFIG_SCHEMA.properties.relay.properties;
    expect(rows).to.have.members([members, project, relay].flatMap(one => Object.keys(one)));
  });

  it('has a schema for editors that says the same', () => {
    const published: unknown = JSON.parse(
      readFileSync(new URL('../config.schema.json', import.meta.url), 'utf8'),
    );
    expect(
      published,
      'write CONFIG_SCHEMA of src/config/config-schema.ts into config.schema.json',
    ).to.deep.equal(CONFIG_SCHEMA);
  });
});

describe('the configuration of one project', () => {
  it('has the name default', () => {
    const config = singleProject({
      datafile: '/etc/datafile.json',
      endpoint: 'http://127.0.0.1:1',
      ackTimeoutMillis: 9,
    });
    expect(config.projects.default).to.deep.include({
      source: { kind: 'file', path: '/etc/datafile.json' },
      endpoint: 'http://127.0.0.1:1',
    });
    expect(config.ackTimeoutMillis).to.equal(9);
  });

  it('needs one source, and a store where that is the receipt', () => {
    expect(() => singleProject({})).to.throw(ConfigError);
    expect(() => singleProject({ sdkKey: 'a', datafile: 'b' })).to.throw(ConfigError);
    expect(() => singleProject({ sdkKey: 'a', ack: 'stored' })).to.throw(ConfigError, /needs a store/);
  });
});
