// SPDX-License-Identifier: Apache-2.0
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Consumer, folderOf, installConsumer, lineDependencies } from './consumer.js';
import { JEST, type NodeVersion, OPTIMIZELY_SDKS, SDK_LINES, type SdkLine } from './plan.js';
import { readmeGroup } from './readme-group.js';
import { runCommand } from './run-command.js';
import type { Toolbox } from './toolbox.js';
import { typesGroup } from './types-group.js';

const PROGRAMS = fileURLToPath(new URL('../../node_modules/.bin', import.meta.url));
const INSTRUMENTED_DATAFILE = fileURLToPath(new URL('../golden/datafile.json', import.meta.url));
const RUN_MILLIS = 60_000;

export interface Cell {
  readonly name: string;
  run(): Promise<unknown>;
}

/** Cells that need the same preparation, which is a cell too. */
export interface Group {
  readonly preparation?: Cell;
  readonly cells: readonly Cell[];
}

/** All that has to hold. Subpaths, optional peers and programs are read from the packed package.json. */
export function groups(toolbox: Toolbox): Group[] {
  const perLine = SDK_LINES.flatMap(line => [
    npmGroup(toolbox, line),
    pnpmGroup(toolbox, line),
    aloneGroup(toolbox, line),
    jestGroup(toolbox, line),
    typesGroup(toolbox, line),
    ...OPTIMIZELY_SDKS.map(version => instrumentationGroup(toolbox, line, version)),
  ]);
  const readme = [readmeGroup(toolbox, 'npm'), readmeGroup(toolbox, 'pnpm')];
  return [packageGroup(toolbox), ...readme, ...perLine];
}

function packageGroup({ tarball, folder }: Toolbox): Group {
  const program = (name: string, args: readonly string[]) => ({
    name: `package ${name}`,
    run: () =>
      runCommand(join(PROGRAMS, name), [...args, tarball], { cwd: folder, timeoutMillis: RUN_MILLIS }),
  });
  return { cells: [program('publint', ['--strict']), program('attw', ['--no-color'])] };
}

function npmGroup(toolbox: Toolbox, line: SdkLine): Group {
  const consumer: Consumer = {
    name: `${line.name} npm`,
    fixtures: ['shared', 'js'],
    packageManager: 'npm',
    installedBy: oldest(line),
    dependencies: lineDependencies(line, toolbox.manifest),
  };
  const { name, bin = {} } = toolbox.manifest;
  const programs = Object.entries(bin).map(([program, path]) => ({
    what: `${program} --help`,
    args: [join('node_modules', name, path), '--help'],
  }));
  return groupOf(toolbox, line, consumer, [
    ...applications,
    { what: 'register by --import', args: ['preload.mjs', '--import', './registered.mjs'] },
    { what: 'register by --require', args: ['preload.mjs', '--require', './registered.cjs'] },
    ...programs,
  ]);
}

function pnpmGroup(toolbox: Toolbox, line: SdkLine): Group {
  const consumer: Consumer = {
    name: `${line.name} pnpm`,
    fixtures: ['shared', 'js', 'pnpm'],
    packageManager: 'pnpm',
    installedBy: oldest(line),
    dependencies: lineDependencies(line, toolbox.manifest),
  };
  return groupOf(toolbox, line, consumer, applications);
}

/** Optimizely's own SDK, instrumented. */
function instrumentationGroup(toolbox: Toolbox, line: SdkLine, version: string): Group {
  const consumer: Consumer = {
    name: `${line.name} optimizely-sdk ${version}`,
    fixtures: ['../../instrumentation/app', 'instrumentation'],
    packageManager: 'npm',
    installedBy: oldest(line),
    dependencies: {
      ...lineDependencies(line, toolbox.manifest),
      '@optimizely/optimizely-sdk': version,
      // A peer of version 5.
      '@babel/runtime': '^7.0.0',
    },
  };
  return groupOf(toolbox, line, consumer, [
    { what: 'instrumented', args: ['instrumented.mjs', INSTRUMENTED_DATAFILE] },
  ]);
}

/** The package and the API alone, installed by the newest Node, under which npm takes the newest of everything. */
function aloneGroup(toolbox: Toolbox, line: SdkLine): Group {
  const { '@opentelemetry/api': api = '*' } = line.dependencies;
  const consumer: Consumer = {
    name: `${line.name} alone`,
    fixtures: ['shared', 'alone'],
    packageManager: 'npm',
    installedBy: newest(line),
    dependencies: { '@opentelemetry/api': api },
  };
  return groupOf(toolbox, line, consumer, [{ what: 'import', args: ['alone.mjs'] }]);
}

function jestGroup(toolbox: Toolbox, line: SdkLine): Group {
  const consumer: Consumer = {
    name: `${line.name} jest`,
    fixtures: ['shared', 'jest'],
    packageManager: 'npm',
    installedBy: oldest(line),
    dependencies: { ...lineDependencies(line, toolbox.manifest), jest: JEST },
  };
  const args = ['node_modules/jest/bin/jest.js', '--ci', '--cacheDirectory=.jest'];
  return groupOf(toolbox, line, consumer, [{ what: 'require', args }]);
}

interface Program {
  readonly what: string;
  readonly args: readonly string[];
}

const applications: readonly Program[] = [
  { what: 'import', args: ['app.mjs'] },
  { what: 'require', args: ['app.cjs'] },
  { what: 'every subpath', args: ['subpaths.mjs'] },
];

/** Each program under each Node version of the line. */
function groupOf(toolbox: Toolbox, line: SdkLine, consumer: Consumer, programs: readonly Program[]): Group {
  const cwd = folderOf(toolbox, consumer);
  const cells = line.nodeVersions.flatMap(version =>
    programs.map(({ what, args }) => ({
      name: `${consumer.name} ${what}, node ${version}`,
      run: () => runQuietly(toolbox, version, args, cwd),
    })),
  );
  const preparation = { name: `${consumer.name} install`, run: () => installConsumer(toolbox, consumer) };
  return { preparation, cells };
}

/** A consumer that does all right must not be warned about anything. */
async function runQuietly(toolbox: Toolbox, version: NodeVersion, args: readonly string[], cwd: string) {
  const nodeFolder = toolbox.nodeFolder(version);
  const { stderr } = await runCommand('node', args, { cwd, nodeFolder, timeoutMillis: RUN_MILLIS });
  if (stderr.includes(toolbox.manifest.name)) throw new Error(`said on stderr:\n${stderr}`);
}

function oldest({ nodeVersions }: SdkLine): NodeVersion {
  const [first] = nodeVersions;
  if (first === undefined) throw new Error('an SDK line without a Node version');
  return first;
}

function newest({ nodeVersions }: SdkLine): NodeVersion {
  const last = nodeVersions.at(-1);
  if (last === undefined) throw new Error('an SDK line without a Node version');
  return last;
}
