// SPDX-License-Identifier: Apache-2.0
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

/**
 * Compiles a file, named from `bench/` on, and what it imports of this repository, as the packages are built. The loader that
 * runs everything else here gives each function its name when it is made, which costs something where many are made.
 *
 * @returns the file to start
 */
export async function bundle(file: string): Promise<string> {
  const outfile = inRepository(`node_modules/.cache/bench/${file.replace(/\.ts$/, '.mjs')}`);
  await build({
    entryPoints: [inRepository(`bench/${file}`)],
    outfile,
    bundle: true,
    packages: 'external',
    format: 'esm',
    platform: 'node',
    target: 'es2022',
    tsconfig: inRepository('tsconfig.json'),
    logLevel: 'warning',
  });
  return outfile;
}

function inRepository(path: string): string {
  return fileURLToPath(new URL(`../../${path}`, import.meta.url));
}
