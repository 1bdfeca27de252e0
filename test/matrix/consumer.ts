// SPDX-License-Identifier: Apache-2.0
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { NodeVersion, SdkLine } from './plan.js';
import { runCommand } from './run-command.js';
import { type Manifest, NPM_INSTALL, type Toolbox } from './toolbox.js';

const FIXTURES = fileURLToPath(new URL('./consumers', import.meta.url));

/** An application in a folder of its own that has installed the tarball. */
export interface Consumer {
  readonly name: string;
  readonly fixtures: readonly string[];
  readonly packageManager: 'npm' | 'pnpm';
  /** The package manager runs under it: what an `engines` range lets in depends on that. */
  readonly installedBy: NodeVersion;
  readonly dependencies: Readonly<Record<string, string>>;
}

/** What an application of this line installs beside the package. */
export function lineDependencies({ dependencies, peers }: SdkLine, manifest: Manifest) {
  const optional = Object.entries(manifest.peerDependenciesMeta ?? {}).filter(([, meta]) => meta.optional);
  const ranges = optional.map(([name]) => [name, peers[name] ?? manifest.peerDependencies[name] ?? '*']);
  return { ...Object.fromEntries(ranges), ...dependencies };
}

export function folderOf({ folder }: Toolbox, { name }: Consumer): string {
  return join(folder, name);
}

/** Strictly: no unmet peer, no package that this Node is too old for, and under pnpm nothing hoisted. */
export async function installConsumer(toolbox: Toolbox, consumer: Consumer): Promise<void> {
  const { name, fixtures, packageManager, installedBy } = consumer;
  const cwd = folderOf(toolbox, consumer);
  mkdirSync(cwd);
  for (const fixture of fixtures) cpSync(join(FIXTURES, fixture), cwd, { recursive: true });
  const dependencies = { ...consumer.dependencies, [toolbox.manifest.name]: `file:${toolbox.tarball}` };
  writeFileSync(join(cwd, 'package.json'), JSON.stringify({ name, private: true, dependencies }, null, 2));
  const options = { cwd, nodeFolder: toolbox.nodeFolder(installedBy), timeoutMillis: 300_000 };
  if (packageManager === 'npm') {
    await runCommand('npm', [...NPM_INSTALL, '--strict-peer-deps', '--engine-strict'], options);
  } else {
    const store = join(toolbox.folder, 'pnpm-store');
    await runCommand(toolbox.pnpm, ['install', '--ignore-scripts', '--store-dir', store], options);
  }
}
