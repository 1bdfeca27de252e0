// SPDX-License-Identifier: Apache-2.0
import { readdir, readFile, rm } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { rollup } from 'rollup';

// The bundler makes a file of whatever the same subpaths share, a dozen in all, some of a few lines. To import an ES
// module costs a third of a millisecond however small it is, so all that the main entry loads becomes one, but for what
// `/testing` shares, which needs little of it. CommonJS files cost next to nothing.

const DIST = fileURLToPath(new URL('../dist/', import.meta.url));

const modules = (await readdir(DIST, { recursive: true })).filter(file => file.endsWith('.js'));
const entries = modules.filter(file => /(^|\/)index\.js$/.test(file));
const chunks = modules.filter(file => !entries.includes(file));

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
  manualChunks(path, { getModuleInfo }) {
    const isLoadedBy = entry => loadedBy(DIST + entry, getModuleInfo).has(path);
    if (!isLoadedBy('index.js')) return undefined;
    return isLoadedBy('testing/index.js') ? 'shared' : 'core';
  },
  hoistTransitiveImports: false,
  entryFileNames: '[name].js',
  chunkFileNames: '[name].js',
});

function loadedBy(entry, getModuleInfo) {
  const loaded = new Set();
  const visit = path => {
    for (const imported of getModuleInfo(path)?.importedIds ?? []) {
      if (loaded.has(imported)) continue;
      loaded.add(imported);
      visit(imported);
    }
  };
  visit(entry);
  return loaded;
}
