// SPDX-License-Identifier: Apache-2.0
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  createWriteStream,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** Undefined if there is none here. */
export const NATS_VERSION = /v(\d+\.\d+\.\d+)/.exec(
  spawnSync('nats-server', ['--version'], { encoding: 'utf8' }).stdout ?? '',
)?.[1];
/** As those who run servers do. */
const LONGEST_END_MILLIS = 10_000;
export const NO_NATS = 'no nats-server; Debian has it as the package nats-server';

/** A real nats-server with JetStream, whose files outlive its process. */
export class NatsServer {
  readonly folder = mkdtempSync(join(tmpdir(), 'nats-'));
  readonly port: number;
  /** More lines of its configuration, read when it starts. */
  config: string;
  /** Where its log is kept, of all its lives. */
  logFile: string | undefined;
  #process: ChildProcess | undefined;

  private constructor(port: number, config: string) {
    this.port = port;
    this.config = config;
  }

  /** @param config more lines of the server's configuration */
  static async start(config = ''): Promise<NatsServer> {
    const server = await NatsServer.prepare(config);
    await server.start();
    return server;
  }

  /** As `start`, but it is yet to be started. */
  static async prepare(config = ''): Promise<NatsServer> {
    return new NatsServer(await freePort(), config);
  }

  get url(): string {
    return `nats://127.0.0.1:${this.port}`;
  }

  /** Where its streams are. */
  get storeFolder(): string {
    return join(this.folder, 'store');
  }

  get pid(): number | undefined {
    return this.#process?.pid;
  }

  /** A file beside the server's own. */
  file(name: string, content: string): string {
    const path = join(this.folder, name);
    writeFileSync(path, content, { mode: 0o600 });
    return path;
  }

  /** Starts it, again if it was killed, on the same port and files. */
  async start(): Promise<void> {
    const config = this.file(
      'server.conf',
      `listen: 127.0.0.1:${this.port}\njetstream { store_dir: "${this.storeFolder}" }\n${this.config}`,
    );
    const child = spawn('nats-server', ['-c', config], { stdio: ['ignore', 'ignore', 'pipe'] });
    this.#process = child;
    if (this.logFile !== undefined) child.stderr.pipe(createWriteStream(this.logFile, { flags: 'a' }));
    const lines: string[] = [];
    for await (const line of createInterface(child.stderr)) {
      lines.push(line);
      if (line.includes('Server is ready')) break;
    }
    if (!lines.at(-1)?.includes('Server is ready')) throw new Error(`nats-server ended\n${lines.join('\n')}`);
    child.stderr.resume();
  }

  /** As a machine that loses power, but for what the system has in its caches. */
  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const child = this.#process;
    this.#process = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill(signal);
    // One whose disk is full may wait for itself for ever.
    const limit = setTimeout(() => child.kill('SIGKILL'), LONGEST_END_MILLIS);
    await ended;
    clearTimeout(limit);
  }

  /** Stops it for a while, as a machine that is overloaded or moved, and lets it go on. */
  pause(): void {
    this.#process?.kill('SIGSTOP');
    // Each of its threads stops when it is about to run next: on a busy machine it would still answer for a while.
    const pid = this.#process?.pid;
    if (pid !== undefined) while (!isStopped(pid));
  }

  resume(): void {
    this.#process?.kill('SIGCONT');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Whether all of its threads are; where the system does not tell, it is taken for stopped. */
function isStopped(pid: number): boolean {
  const tasks = `/proc/${pid}/task`;
  if (!existsSync(tasks)) return true;
  return readdirSync(tasks).every(task => /\) [TXZ] /.test(readFileSync(join(tasks, task, 'stat'), 'utf8')));
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
