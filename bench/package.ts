// SPDX-License-Identifier: Apache-2.0
import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import module from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Row, Size } from './harness/row.js';

const runFile = promisify(execFile);
const ROOT = fileURLToPath(new URL('..', import.meta.url));
const OURS = 'opentelemetry-exporter-optimizely';
const OFFICIAL = '@optimizely/optimizely-sdk';

type System = 'import' | 'require';

/** From Node 22.1 on. */
const HAS_COMPILE_CACHE = 'enableCompileCache' in module;

export function rows(_: Size): Row[] {
  const imports = (system: System, loaded: boolean): Row => ({
    name: `time of ${system}${loaded ? ', where OpenTelemetry is loaded already' : ''}`,
    peer: 'official SDK',
    unit: 'ms',
    ...(loaded && { target: { atMost: 0.5 } }),
    rounds: 15,
    open: () => ({
      ours: () => importMillis(OURS, system, loaded ? OPENTELEMETRY : []),
      theirs: () => importMillis(OFFICIAL, system),
    }),
  });
  const cached = (system: System): Row => ({
    name: `time of ${system}, where OpenTelemetry is loaded already, with Node's compile cache`,
    peer: 'official SDK, with it too',
    unit: 'ms',
    rounds: 15,
    open: async () => {
      const directory = await mkdtemp(join(tmpdir(), 'bench-compile-cache-'));
      const environment = { NODE_COMPILE_CACHE: directory };
      return {
        ours: () => importMillis(OURS, system, OPENTELEMETRY, environment),
        theirs: () => importMillis(OFFICIAL, system, [], environment),
        close: () => rm(directory, { recursive: true, force: true }),
      };
    },
  });
  return [
    imports('import', true),
    imports('require', true),
    imports('import', false),
    imports('require', false),
    ...(HAS_COMPILE_CACHE ? [cached('import'), cached('require')] : []),
    {
      name: 'unpacked size, own files',
      peer: 'official SDK',
      unit: 'bytes',
      target: { atMost: 0.5 },
      rounds: 1,
      warmUps: 0,
      open: () => ({ ours: packedBytes, theirs: () => bytesBelow(join(ROOT, 'node_modules', OFFICIAL)) }),
    },
  ];
}

/** What a process that traces has loaded before it comes to us. */
const OPENTELEMETRY = ['@opentelemetry/api', '@opentelemetry/core'];

/**
 * In a fresh process, from when node is up and `before` is loaded, with all that the package itself imports; files are
 * in the system's cache after the warm-up.
 */
async function importMillis(
  name: string,
  system: System,
  before: readonly string[] = [],
  environment: NodeJS.ProcessEnv = {},
): Promise<number> {
  const load = (what: string) => (system === 'import' ? `await import('${what}')` : `require('${what}')`);
  const code = [
    ...before.map(load),
    'const start = performance.now()',
    load(name),
    'console.log(performance.now() - start)',
  ].join(';');
  const args = system === 'import' ? ['--input-type=module', '-e', code] : ['-e', code];
  const { stdout } = await runFile(process.execPath, args, {
    cwd: ROOT,
    env: { ...process.env, ...environment },
  });
  return Number(stdout);
}

/** What npm would publish of `dist` as it is: all files of the package, maps and types too, and no dependency's. */
async function packedBytes(): Promise<number> {
  const args = ['pack', '--dry-run', '--json', '--ignore-scripts'];
  const { stdout } = await runFile('npm', args, { cwd: ROOT, shell: process.platform === 'win32' });
  const [pack] = JSON.parse(stdout) as { unpackedSize: number }[];
  return pack?.unpackedSize ?? Number.NaN;
}

async function bytesBelow(directory: string): Promise<number> {
  let bytes = 0;
  for (const entry of await readdir(directory, { recursive: true, withFileTypes: true })) {
    if (entry.isFile()) bytes += (await stat(join(entry.parentPath, entry.name))).size;
  }
  return bytes;
}
