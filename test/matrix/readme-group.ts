// SPDX-License-Identifier: Apache-2.0
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { FORMATS, writeFiles } from '../readme/formats.js';
import { checkNest, checkNext } from '../readme/frameworks.js';
import { installedPackages } from '../readme/pasted.js';
import { checksOf } from '../readme/services.js';
import type { Group } from './groups.js';
import { NODE_TYPES, type NodeVersion, README_PACKAGES, TYPESCRIPTS } from './plan.js';
import { runCommand } from './run-command.js';
import { NPM_INSTALL, type Toolbox } from './toolbox.js';

/** The floor of `engines`, and of what the frameworks ask for. */
const NODE: NodeVersion = '20.18.1';
const NODE_OF_FRAMEWORKS: NodeVersion = '20.20.2';
const EXPORTER = 'opentelemetry-exporter-optimizely';
const INSPECTOR = 'optimizely-event-inspector';

/** The README, read by someone who has the packed tarballs: its install lines, each of its programs, each framework. */
export function readmeGroup(toolbox: Toolbox, packageManager: 'npm' | 'pnpm'): Group {
  const name = `readme ${packageManager}`;
  const folder = join(toolbox.folder, name);
  const nodeFolder = toolbox.nodeFolder(NODE);
  const where = (cwd: string, node = NODE) => ({
    cwd: join(folder, cwd),
    node: join(toolbox.nodeFolder(node), 'node'),
  });
  const programs = FORMATS.flatMap(format =>
    checksOf(format).map(({ name: file, run }) => ({
      name: `${name} ${format}, ${file}`,
      run: () => run(where(format)),
    })),
  );
  const frameworks = (['module', 'commonjs'] as const).map(type => ({
    name: `${name} Nest, ${type}`,
    run: () =>
      checkNest(where(`nest-${type}`, NODE_OF_FRAMEWORKS), type, toolbox.nodeFolder(NODE_OF_FRAMEWORKS)),
  }));
  const next = {
    name: `${name} Next.js`,
    run: () => checkNext(where('next', NODE_OF_FRAMEWORKS), toolbox.nodeFolder(NODE_OF_FRAMEWORKS)),
  };
  const inspector = {
    name: `${name} npx ${INSPECTOR} --help`,
    run: () =>
      runCommand('npx', ['--no-install', INSPECTOR, '--help'], {
        cwd: folder,
        nodeFolder,
        timeoutMillis: 60_000,
      }),
  };
  const install = async () => {
    await installAsTold(toolbox, folder, packageManager);
    for (const format of FORMATS) await writeFiles(join(folder, format), format);
  };
  return {
    preparation: { name: `${name} install`, run: install },
    cells: [inspector, ...programs, ...frameworks, next],
  };
}

/** What the README says to install, with the tarballs in place of what is not published yet, then the frameworks. */
async function installAsTold(
  { folder: shared, tarball, inspectorTarball, pnpm, nodeFolder }: Toolbox,
  cwd: string,
  packageManager: 'npm' | 'pnpm',
): Promise<void> {
  mkdirSync(cwd);
  const tarballs = { [EXPORTER]: `file:${tarball}`, [INSPECTOR]: `file:${inspectorTarball}` };
  writeFileSync(join(cwd, 'package.json'), JSON.stringify({ private: true }));
  // The inspector asks for the exporter by its version.
  writeFileSync(
    join(cwd, 'pnpm-workspace.yaml'),
    `overrides:\n  ${EXPORTER}: file:${tarball}\nautoInstallPeers: false\n`,
  );
  const told = installedPackages().map(name => (name === EXPORTER ? (tarballs[name] ?? name) : name));
  const beside = [
    tarballs[INSPECTOR] ?? INSPECTOR,
    ...README_PACKAGES,
    `typescript@${TYPESCRIPTS['typescript-6']}`,
    `@types/node@${NODE_TYPES}`,
  ];
  const options = { cwd, nodeFolder: nodeFolder(NODE), timeoutMillis: 300_000 };
  const store = ['--ignore-scripts', '--store-dir', join(shared, 'pnpm-store')];
  for (const packages of [told, beside]) {
    if (packageManager === 'npm') await runCommand('npm', [...NPM_INSTALL, ...packages], options);
    else await runCommand(pnpm, ['add', ...store, ...packages], options);
  }
}
