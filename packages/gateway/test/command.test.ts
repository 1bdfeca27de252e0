// SPDX-License-Identifier: Apache-2.0
import { once } from 'node:events';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { createServer } from 'node:net';
import { expect } from 'chai';
import {
  type LocalEventsEndpoint,
  startLocalEventsEndpoint,
} from 'opentelemetry-exporter-optimizely/testing';
import { Command, type CommandOptions, endCommands } from '../../../test/support/command.js';
import { makeDatafile } from '../../../test/support/datafile.js';
import { skip } from '../../../test/support/skip.js';
import { post, RawConnection } from './support/raw-connection.js';
import { closeGateways, conversions, makeFolder, sendTraces, writeJson } from './support/start.js';

const CLI = new URL('../dist/cli/index.js', import.meta.url).pathname;
const run = (args: readonly string[], options?: CommandOptions) => new Command(CLI, args, options).ended;

interface LogLine {
  readonly level: string;
  readonly msg: string;
  readonly time: string;
}

const linesOf = (stderr: string) =>
  stderr
    .split('\n')
    .filter(Boolean)
    .map(line => JSON.parse(line) as LogLine);

const visitorWith = (events: readonly string[]) =>
  `{"project_id":"1","visitors":[{"snapshots":[{"events":[${events}]}]}]}`;

/** On any free port. */
async function startCommand(args: readonly string[], options?: CommandOptions) {
  const command = new Command(CLI, ['--port', '0', ...args], options);
  const url = await command.complains(/"listening on (http[^"]+)"/);
  return { command, url };
}

describe('optimizely-event-gateway', () => {
  let folder: string;
  let datafile: string;
  let endpoint: LocalEventsEndpoint;

  beforeEach(async () => {
    folder = makeFolder();
    datafile = writeJson(folder, 'datafile.json', makeDatafile());
    endpoint = await startLocalEventsEndpoint();
  });
  afterEach(async () => {
    endCommands();
    await Promise.all([closeGateways(), endpoint.close()]);
  });

  it('says with --help what there is, and with --version which one it is', async () => {
    const help = await run(['--help']);
    expect(help).to.include({ code: 0, stderr: '' });
    const flags = ['sdk-key', 'datafile', 'config', 'store', 'host', 'port', 'endpoint', 'token-file'];
    for (const flag of [...flags, 'tls-cert', 'tls-key', 'tls-client-ca', 'max-body', 'max-store', 'ack']) {
      expect(help.stdout).to.contain(`--${flag} `);
    }
    const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
    expect(await run(['--version'])).to.deep.equal({ code: 0, stdout: `${version}\n`, stderr: '' });
  });

  it('delivers what it takes though more connections come than it may open files', async function () {
    if (process.platform !== 'linux') skip(this, 'the limit is read on Linux alone');
    const options = ['--datafile', datafile, '--endpoint', endpoint.url];
    const { command, url } = await startCommand(options, { openFiles: 64 });
    const connection = await RawConnection.open(Number(new URL(url).port));
    connection.write(post('/v1/traces', '{}', { 'content-type': 'application/json' }));
    await connection.says(/^HTTP\/1.1 200 /);
    const others: RawConnection[] = [];
    for (let n = 0; n < 80; n++) others.push(await RawConnection.open(Number(new URL(url).port)));
    await Promise.race(others.map(other => other.closed()));
    const body = conversions(['ada']);
    connection.write(post('/v1/traces', body, { 'content-type': 'application/json' }));
    await connection.says(/HTTP\/1.1 200 [\s\S]*HTTP\/1.1 200 /);
    expect(endpoint.batches).to.have.length(1);
    const lines = linesOf(command.stderr).map(({ msg }) => msg);
    expect(lines[0]).to.match(/^at most \d+ connections are taken, and not 16384 \(maxConnections\)/);
    await command.complains(/connections refused: \d+ are open/);
  });

  for (const [args, message] of [
    [[], 'one of --sdk-key, --datafile, --config is needed'],
    [['--sdk-key', 'a', '--config', 'b'], 'only one of --sdk-key, --config can be used'],
    [['--prot', '1'], "'--prot'"],
    [['start'], "'start'"],
    [['--sdk-key', 'a', '--port', '70000'], '--port must be a whole number from 0 to 65535'],
    [['--sdk-key', 'a', '--port', '1e3'], '--port must be a whole number'],
    [['--sdk-key', 'a', '--max-body', '16 stone'], '--max-body must be a size such as 16MiB'],
    [['--sdk-key', 'a', '--max-body', '0'], '--max-body must be a size'],
    [['--sdk-key', 'a', '--store', 'b', '--max-store', 'much'], '--max-store must be a size such as'],
    [['--sdk-key', 'a', '--max-store', '1GiB'], '--max-store needs --store'],
    [['--sdk-key', 'a', '--ack', 'soon'], '--ack must be stored or delivered'],
    [['--sdk-key', 'a', '--role', 'receive'], '--role needs --nats'],
    [
      ['--config', 'a', '--role', 'receive'],
      "--role can't be used with --config: write it into that file, under relay",
    ],
    [['--sdk-key', 'a', '--nats', 'nats://127.0.0.1:1', '--role', 'send'], '--role must be receive, deliver'],
    [['--sdk-key', 'a', '--nats', 'nats://u:p@127.0.0.1:1'], 'must not hold credentials'],
    [
      ['--sdk-key', 'a', '--nats', 'nats://127.0.0.1:1', '--nats-user', 'b'],
      '--nats-user and --nats-password-file belong together',
    ],
    [
      ['--sdk-key', 'a', '--nats', 'nats://127.0.0.1:1', '--nats-key', 'b'],
      '--nats-cert and --nats-key belong together',
    ],
    [
      ['--sdk-key', 'a', '--nats', 'a:1', '--nats-creds-file', 'b', '--nats-token-file', 'c'],
      '--nats-creds-file and --nats-token-file exclude each other',
    ],
    [['--datafile', '.'], "the datafile . can't be read (EISDIR)"],
    [['--config', '.'], "the configuration . can't be read (EISDIR)"],
    [['--sdk-key', 'a', '--ack', 'stored'], '--ack stored needs --store'],
    [['--sdk-key', 'a', '--endpoint', 'optimizely'], '--endpoint must be an http or https URL'],
    [
      ['--sdk-key', 'a', '--endpoint', 'http://localhost:4318/v1/events'],
      'the endpoint of project default is the gateway itself',
    ],
    [
      [
        '--sdk-key',
        'a',
        '--host',
        '0.0.0.0',
        '--port',
        '4400',
        '--endpoint',
        'http://127.0.0.1:4400/v1/events',
      ],
      'the endpoint of project default is the gateway itself',
    ],
    [['--sdk-key', 'a', '--tls-cert', 'b'], '--tls-cert and --tls-key belong together'],
    [['--sdk-key', 'a', '--tls-client-ca', 'b'], '--tls-client-ca needs --tls-cert and --tls-key'],
    [['--config', 'a', '--store', 'b'], "--store can't be used with --config: write it into that file"],
    [['--config', '/nowhere/gateway.json'], "can't be read (ENOENT)"],
    [['--sdk-key', ''], '--sdk-key must be text that is not empty'],
  ] as const) {
    it(`called wrongly ("${args.join(' ')}") ends with 2 and says what to write`, async () => {
      const { code, stdout, stderr } = await run(args);
      expect({ code, stdout }).to.deep.equal({ code: 2, stdout: '' });
      expect(stderr).to.contain(message).and.to.contain('--help').and.not.to.contain('    at ');
    });
  }

  it('ends with 1 where it cannot start, and says why', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const { port } = taken.address() as { port: number };
    for (const [args, message] of [
      [['--port', String(port)], `port ${port} is taken: give another one with --port`],
      [['--port', '0', '--token-file', '/nowhere/tokens'], 'the token file: '],
      [['--port', '0', '--tls-cert', datafile, '--tls-key', datafile], 'the TLS files: the certificate can'],
      [['--port', '0', '--host', '192.0.2.1'], '(EADDRNOTAVAIL): give one of this machine with --host'],
      [['--port', '0', '--host', 'host.invalid'], 'give one of this machine with --host'],
    ] as const) {
      const { code, stderr } = await run(['--datafile', datafile, ...args]);
      expect(code, stderr).to.equal(1);
      expect(stderr).to.contain(message).and.not.to.contain('    at ');
    }
    taken.close();
  });

  it('says of a stream that is away that it is the stream', async () => {
    const { command } = await startCommand(['--datafile', datafile, '--nats', 'nats://127.0.0.1:1']);
    await command.complains(/"msg":"(stream: NATS cannot be used): /);
  });

  it('takes events until SIGTERM, then delivers what it took, answers, and ends with 0', async () => {
    const config = writeJson(folder, 'gateway.json', {
      projects: { shop: { datafile, endpoint: endpoint.url, flushIntervalMillis: 3_600_000 } },
    });
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      const { command, url } = await startCommand(['--config', config]);
      const connection = await RawConnection.open(Number(new URL(url).port));
      connection.write(post('/v1/traces', conversions([signal])));
      // By its metrics the gateway has it.
      while (!/outstanding_events\{.*\} 1$/m.test(await (await fetch(`${url}/metrics`)).text()));
      command.signal(signal);
      expect(await connection.closed()).to.match(/^HTTP\/1.1 200 /);
      const { code, stdout, stderr } = await command.ended;
      expect({ code, stdout }).to.deep.equal({ code: 0, stdout: '' });
      const lines = linesOf(stderr);
      expect(lines.at(-1)).to.include({ level: 'info', msg: 'ended' });
      expect(lines[0]).to.include.keys('level', 'msg', 'time', 'pid');
    }
    const visitors = endpoint.batches.flatMap(({ params }) =>
      params.visitors.map(visitor => visitor.visitor_id),
    );
    expect(visitors).to.deep.equal(['SIGTERM', 'SIGINT']);
  });

  for (const [signal, otherwise] of [
    ['SIGTERM', { code: 0, stderr: '', stdout: '' }],
    ['SIGINT', { code: 0, stderr: '', stdout: '' }],
    ['SIGHUP', { code: 0, stderr: '' }],
  ] as const) {
    it(`${signal === 'SIGHUP' ? 'survives' : 'ends with 0 at'} a ${signal} that comes while it is being loaded`, async () => {
      // Sent when the first of its dependencies is looked for.
      const hook = `export function resolve(specifier, context, next) {
        if (/^ajv/.test(specifier)) process.kill(process.pid, '${signal}');
        return next(specifier, context);
      }`;
      const asUrl = (code: string) => `data:text/javascript,${encodeURIComponent(code)}`;
      const register = `import { register } from 'node:module'; register(${JSON.stringify(asUrl(hook))})`;
      const env = { NODE_OPTIONS: `--import ${asUrl(register)}` };
      const ended = await run(['--version'], { env });
      expect(ended).to.include(otherwise);
      expect(ended.stdout === '').to.equal(signal !== 'SIGHUP');
    });
  }

  it('starts where no store can be made, as below /proc, is not ready, and ends at SIGTERM', async function () {
    if (process.platform !== 'linux') skip(this, '/proc is on Linux alone');
    const args = ['--datafile', datafile, '--endpoint', endpoint.url, '--store', '/proc/nowhere/at/all'];
    const { command, url } = await startCommand(args);
    const ready = await fetch(new URL('/readyz', url));
    expect(ready.status).to.equal(503);
    expect(await ready.text()).to.contain('store_unusable');
    command.signal('SIGTERM');
    expect((await command.ended).code).to.equal(0);
  });

  it('ends at once, with 1 and no receipt, at a second signal', async () => {
    // It takes the connection and never answers.
    const hanging = createServer().listen(0, '127.0.0.1');
    await once(hanging, 'listening');
    const { port } = hanging.address() as { port: number };
    const { command, url } = await startCommand([
      '--datafile',
      datafile,
      '--endpoint',
      `http://127.0.0.1:${port}/v1/events`,
    ]);
    const receipt = sendTraces(url, conversions(['ada'])).then(
      () => 'a receipt',
      () => 'none',
    );
    while (!/outstanding_events\{.*\} 1$/m.test(await (await fetch(`${url}/metrics`)).text()));
    command.signal('SIGTERM');
    await command.complains(/"ending: /);
    command.signal('SIGTERM');
    const { code, stderr } = await command.ended;
    expect(code).to.equal(1);
    expect(await receipt).to.equal('none');
    // Its sender has it still.
    expect(stderr).to.not.contain('lost');
    expect(linesOf(stderr).at(-1)?.msg).to.match(/^ending: /);
    hanging.close();
  });

  it('reads tokens and configuration again at SIGHUP', async () => {
    const tokenFile = writeJson(folder, 'tokens', 'shop old-token\n');
    const project = { datafile, endpoint: endpoint.url, flushIntervalMillis: 1 };
    const config = writeJson(folder, 'gateway.json', { projects: { shop: project } });
    const { command, url } = await startCommand(['--config', config, '--token-file', tokenFile]);
    writeFileSync(tokenFile, 'shop new-token\n');
    writeJson(folder, 'gateway.json', { projects: { shop: project, blog: project }, default: 'shop' });
    command.signal('SIGHUP');
    await command.complains(/were read again"/);
    const send = async (token: string) =>
      (await sendTraces(url, conversions(['ada']), { authorization: `Bearer ${token}` })).status;
    expect([await send('old-token'), await send('new-token')]).to.deep.equal([401, 200]);
    expect(
      Object.keys(((await (await fetch(`${url}/readyz`)).json()) as { projects: object }).projects),
    ).to.deep.equal(['shop', 'blog']);
    command.signal('SIGTERM');
    const { code, stderr } = await command.ended;
    expect(code).to.equal(0);
    expect(stderr).not.to.contain('-token"').and.not.to.contain('new-token');
  });

  it('takes the SDK key, its token, and the endpoint of the environment', async () => {
    const asked: (string | undefined)[] = [];
    const server = createHttpServer((request, response) => {
      asked.push(request.url, request.headers.authorization);
      response.end(JSON.stringify(makeDatafile()));
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as { port: number };
    const env = {
      OPTIMIZELY_SDK_KEY: 'key-1',
      OPTIMIZELY_DATAFILE_ACCESS_TOKEN: 'secret-1',
      OPTIMIZELY_DATAFILE_URL_TEMPLATE: `http://127.0.0.1:${port}/{sdkKey}.json`,
      OPTIMIZELY_EVENTS_ENDPOINT: endpoint.url,
    };
    const { command, url } = await startCommand([], { env });
    let status = 503;
    while (status === 503) ({ status } = await sendTraces(url, conversions(['ada'])));
    expect(status).to.equal(200);
    expect(asked.slice(0, 2)).to.deep.equal(['/key-1.json', 'Bearer secret-1']);
    expect(endpoint.batches).to.have.length(1);
    command.signal('SIGTERM');
    const { stderr } = await command.ended;
    expect(stderr).not.to.contain('secret-1');
    server.close();
  });

  it('keeps events in its store over a kill, and delivers them in its next life', async () => {
    const store = `${folder}/store`;
    const args = ['--datafile', datafile, '--store', store];
    const away = await startLocalEventsEndpoint({ respond: () => 503 });
    const { command, url } = await startCommand([...args, '--endpoint', away.url]);
    expect((await sendTraces(url, conversions(['ada', 'eve']))).status).to.equal(200);
    command.signal('SIGKILL');
    await command.ended;
    await away.close();
    const arrived = new Promise<void>(resolve => {
      void startLocalEventsEndpoint({ respond: () => void resolve() }).then(async next => {
        await startCommand([...args, '--endpoint', next.url]);
      });
    });
    await arrived;
    rmSync(store, { recursive: true, force: true });
  });

  it('bears in a heap of 256 MiB what becomes largest when it is read, and takes the next request', async () => {
    const env = { NODE_OPTIONS: '--max-old-space-size=256' };
    const { command, url } = await startCommand(['--datafile', datafile, '--endpoint', endpoint.url], {
      env,
    });
    const impression = Buffer.from([0x5a, 23, 0x12, 21, ...Buffer.from('optimizely.impression')]);
    const nested = (field: number, body: Buffer) => {
      const length = [0, 7, 14, 21].map(bits => ((body.length >> bits) & 127) | (bits < 21 ? 128 : 0));
      return Buffer.concat([Buffer.from([(field << 3) | 2, ...length]), body]);
    };
    const span = nested(2, Buffer.alloc(16_000_000 - (16_000_000 % impression.length), impression));
    const bodies: [string, string, Uint8Array][] = [
      ['/v1/traces', 'application/x-protobuf', nested(1, nested(2, span))],
      ['/v1/traces', 'application/json', Buffer.alloc(16_000_000, '{},')],
      ['/v1/events', 'application/json', Buffer.alloc(16_000_000, '[')],
      ['/v1/events', 'application/json', Buffer.from(`{"visitors":[${Array(700_000).fill('{}')}]}`)],
      ['/v1/events', 'application/json', Buffer.from(visitorWith(Array(1_400_000).fill('{}')))],
    ];
    for (const [path, type, body] of bodies) {
      const headers = { 'content-type': type };
      const response = await fetch(url + path, { method: 'POST', headers, body: new Uint8Array(body) });
      expect(response.status).to.equal(413);
      await response.arrayBuffer();
    }
    // Five million objects in a text of one event.
    const text = Buffer.concat([Buffer.from('optimizely.event.tags'), Buffer.alloc(15_000_000, '[{},')]);
    const key = nested(1, text.subarray(0, 21));
    const attribute = nested(3, Buffer.concat([key, nested(2, nested(1, text.subarray(21)))]));
    const event = Buffer.concat([impression.subarray(2), attribute]);
    const refused = await fetch(`${url}/v1/traces`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-protobuf' },
      body: new Uint8Array(nested(1, nested(2, nested(2, nested(11, event))))),
    });
    expect(await refused.text()).to.contain('more than 100000 attributes, members, and elements');
    // Four million texts beside an integer that is to be read as text.
    const texts = `{"a":[${'"a",'.repeat(3_900_000)}1234567890123456789]}`;
    expect((await sendTraces(url, texts)).status).to.equal(200);
    expect((await sendTraces(url, conversions(['ada']))).status).to.equal(200);
    command.signal('SIGTERM');
    expect(await command.ended).to.include({ code: 0 });
  });

  it('is as strict where NODE_OPTIONS asks for a lenient parser', async () => {
    const env = { NODE_OPTIONS: '--insecure-http-parser' };
    const { url } = await startCommand(['--datafile', datafile], { env });
    const connection = await RawConnection.open(Number(new URL(url).port));
    connection.write(post('/v1/traces', '{}', { 'x-a': 'b\x01c' }));
    expect(await connection.closed()).to.match(/^HTTP\/1.1 400 /);
  });

  it('warns of an address that every machine reaches', async () => {
    const { command } = await startCommand(['--datafile', datafile, '--host', '0.0.0.0']);
    command.signal('SIGTERM');
    const warnings = linesOf((await command.ended).stderr).filter(({ level }) => level === 'warn');
    expect(warnings.map(({ msg }) => msg).join()).to.contain('--token-file');
  });
});
