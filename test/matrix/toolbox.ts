// SPDX-License-Identifier: Apache-2.0
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { NODE_VERSIONS, type NodeVersion, PNPM } from './plan.js';
import { runCommand } from './run-command.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** What the packed package.json says, as far as the matrix goes by it. */
export interface Manifest {
  readonly name: string;
  readonly bin?: Readonly<Record<string, string>>;
  readonly exports: Readonly<Record<string, unknown>>;
  readonly peerDependencies: Readonly<Record<string, string>>;
  readonly peerDependenciesMeta?: Readonly<Record<string, { readonly optional?: boolean }>>;
}

/** The tarball under test, and the programs that try it. */
export interface Toolbox {
  readonly folder: string;
  readonly tarball: string;
  readonly inspectorTarball: string;
  readonly manifest: Manifest;
  readonly pnpm: string;
  /** The folder that has `node` of this version. */
  nodeFolder(version: NodeVersion): string;
}

export const NPM_INSTALL = ['install', '--ignore-scripts', '--prefer-offline', '--no-audit', '--no-fund'];

/** Packs the package, and installs every Node version and pnpm. */
export async function fillToolbox(folder: string, manifest: Manifest): Promise<Toolbox> {
  const tools = join(folder, 'tools');
  mkdirSync(tools);
  const nodes = NODE_VERSIONS.map(version => [`node-${version}`, `npm:${nodePackage()}@${version}`]);
  const dependencies = { ...Object.fromEntries(nodes), pnpm: PNPM };
  writeFileSync(join(tools, 'package.json'), JSON.stringify({ private: true, dependencies }));
  const [[tarball, inspectorTarball]] = await Promise.all([
    packBoth(folder),
    runCommand('npm', NPM_INSTALL, { cwd: tools, timeoutMillis: 600_000 }),
  ]);
  const modules = join(tools, 'node_modules');
  return {
    folder,
    tarball,
    inspectorTarball,
    manifest,
    pnpm: join(modules, '.bin', 'pnpm'),
    nodeFolder: version => join(modules, `node-${version}`, 'bin'),
  };
}

async function packBoth(folder: string): Promise<[exporter: string, inspector: string]> {
  // One after the other: packing the exporter builds both.
  const exporter = await pack(folder, '.');
  return [exporter, await pack(folder, './packages/inspector')];
}

/** With its scripts, so that what is tested is what would be published. */
async function pack(folder: string, name: string): Promise<string> {
  const { stdout } = await runCommand('npm', ['pack', name, '--json', '--pack-destination', folder], {
    cwd: ROOT,
    timeoutMillis: 120_000,
  });
  const file = /"filename": "([^"]+)"/.exec(stdout)?.[1];
  if (file === undefined) throw new Error(`npm pack says no file name\n${stdout}`);
  return join(folder, file);
}

/** The npm package that has the binary for this machine; the package `node` would install it by a script. */
function nodePackage(): string {
  const { platform, arch } = process;
  const prefix = platform === 'darwin' && arch === 'arm64' ? 'node-bin' : 'node';
  return `${prefix}-${platform}-${arch}`;
}
