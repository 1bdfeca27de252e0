// SPDX-License-Identifier: Apache-2.0
import { readdir, readFile, rm, stat } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { rollup } from 'rollup';

// The bundler makes a file of whatever the same subpaths share, some of them of a few lines. To import an ES module
// costs a third of a millisecond however small it is, so those become one. CommonJS files cost next to nothing.

const DIST = fileURLToPath(new URL('../dist/', import.meta.url));
const SMALL_BYTES = 5_000;

const modules = (await readdir(DIST, { recursive: true })).filter(file => file.endsWith('.js'));
const entries = modules.filter(file => /(^|\/)index\.js$/.test(file));
const chunks = modules.filter(file => !entries.includes(file));
const small = new Set();
for (const file of chunks) if ((await stat(DIST + file)).size < SMALL_BYTES) small.add(DIST + file);

const bundle = await rollup({
  input: Object.fromEntries(entries.map(file => [file.slice(0, -'.js'.length), DIST + file])),
  external: id => !/^[./]/.test(id),
  plugins: [
    {
      name: 'with-source-map',
      load: async path => ({
        code: await readFile(path, 'utf8'),
        map: JSON.parse(await readFile(`${path}.map`, 'utf8')),
      }),
    },
  ],
});
for (const file of chunks) await Promise.all([rm(DIST + file), rm(`${DIST}${file}.map`)]);
await bundle.write({
  dir: DIST,
  format: 'es',
  sourcemap: true,
  manualChunks: path => (small.has(path) ? 'shared' : undefined),
  hoistTransitiveImports: false,
  entryFileNames: '[name].js',
  chunkFileNames: '[name].js',
});
