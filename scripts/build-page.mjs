// SPDX-License-Identifier: Apache-2.0
//
// Puts the inspector's page beside the command that serves it: four files, no more.
import { copyFile } from 'node:fs/promises';
import { build } from 'esbuild';

const from = new URL('../src/inspect/page/', import.meta.url);
const to = new URL('../dist/cli/page/', import.meta.url);

await build({
  entryPoints: {
    page: new URL('main.ts', from).pathname,
    'page-style': new URL('page.css', from).pathname,
  },
  outdir: to.pathname,
  entryNames: 'page',
  bundle: true,
  minify: true,
  format: 'esm',
  target: ['es2022', 'chrome111', 'firefox114', 'safari16.4'],
  logLevel: 'warning',
});
for (const file of ['index.html', 'icon.svg']) await copyFile(new URL(file, from), new URL(file, to));
