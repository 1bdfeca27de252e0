// SPDX-License-Identifier: Apache-2.0
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Consumer, folderOf, installConsumer, lineDependencies } from './consumer.js';
import type { Group } from './groups.js';
import { NODE_TYPES, type SdkLine, TYPESCRIPTS } from './plan.js';
import { runCommand } from './run-command.js';
import type { Manifest, Toolbox } from './toolbox.js';

const FORMATS = { esm: 'module', cjs: 'commonjs' } as const;
type Format = keyof typeof FORMATS;

const RESOLUTIONS = ['node16', 'nodenext', 'bundler'] as const;
type Resolution = (typeof RESOLUTIONS)[number];

/** A strict TypeScript application that checks its libraries too: compiled each way, then run. */
export function typesGroup(toolbox: Toolbox, line: SdkLine): Group {
  const [version] = line.nodeVersions;
  if (version === undefined) throw new Error('an SDK line without a Node version');
  const compilers = Object.entries(TYPESCRIPTS).map(([name, version]) => [name, `npm:typescript@${version}`]);
  const consumer: Consumer = {
    name: `${line.name} types`,
    fixtures: ['shared', 'types'],
    packageManager: 'npm',
    installedBy: version,
    dependencies: {
      ...lineDependencies(line, toolbox.manifest),
      ...line.types,
      ...Object.fromEntries(compilers),
      '@types/node': NODE_TYPES,
    },
  };
  const cwd = folderOf(toolbox, consumer);
  const options = { cwd, nodeFolder: toolbox.nodeFolder(version), timeoutMillis: 180_000 };
  const compile = async (typescript: string, format: Format, resolution: Resolution) => {
    const outDir = join(format, `${typescript}-${resolution}`);
    const flags = ['--module', moduleOf(format, resolution), '--moduleResolution', resolution];
    const compiler = join('node_modules', typescript, 'bin', 'tsc');
    await runCommand('node', [compiler, '-p', format, '--outDir', outDir, ...flags], options);
    await runCommand('node', [join(outDir, 'app.js')], options);
  };
  const cells = Object.keys(TYPESCRIPTS).flatMap(typescript =>
    (Object.keys(FORMATS) as Format[]).flatMap(format =>
      RESOLUTIONS.map(resolution => ({
        name: `${consumer.name} ${resolution} ${format}, ${typescript}`,
        run: () => compile(typescript, format, resolution),
      })),
    ),
  );
  const install = async () => {
    await installConsumer(toolbox, consumer);
    for (const format of Object.keys(FORMATS) as Format[]) prepare(cwd, format, toolbox.manifest);
  };
  return { preparation: { name: `${consumer.name} install`, run: install }, cells };
}

function moduleOf(format: Format, resolution: Resolution): string {
  if (resolution !== 'bundler') return resolution;
  return format === 'esm' ? 'esnext' : 'commonjs';
}

/** The same sources in a package of either type. */
function prepare(cwd: string, format: Format, { name, exports }: Manifest): void {
  const folder = join(cwd, format);
  mkdirSync(folder);
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ type: FORMATS[format] }));
  for (const file of ['app.ts', 'tsconfig.json']) cpSync(join(cwd, file), join(folder, file));
  const subpaths = Object.keys(exports).filter(subpath => subpath !== './package.json');
  const imports = subpaths.map(
    (subpath, at) => `import * as subpath${at} from '${subpath.replace('.', name)}';`,
  );
  const uses = `export const subpaths: object[] = [${subpaths.map((_, at) => `subpath${at}`).join(', ')}];`;
  writeFileSync(join(folder, 'subpaths.ts'), `${[...imports, uses].join('\n')}\n`);
}
