// SPDX-License-Identifier: Apache-2.0
//
// `npm run build`: both packages as ES modules and as CommonJS, each with its own types; their commands; the inspector's
// page. Source maps name the lines of src/ and carry no sources.
import { readFileSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { transform } from 'esbuild';
import { dts } from 'rollup-plugin-dts';

const TARGET = 'es2022';
const BROWSERS = [TARGET, 'chrome111', 'firefox114', 'safari16.4'];
const external = id => !/^[./]/.test(id);

/** What package.json's `exports` and `bin` name: dist/NAME.js is built from src/NAME.ts. */
function libraryOf(folder) {
  const { exports, bin } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const subpaths = Object.values(exports).filter(entry => typeof entry === 'object');
  const entries = sourcesOf(
    folder,
    subpaths.map(entry => entry.import.default),
  );
  const commands = sourcesOf(folder, Object.values(bin));
  const dir = join(folder, 'dist');
  const code = {
    dir,
    sourcemap: true,
    sourcemapExcludeSources: true,
    hoistTransitiveImports: false,
  };
  return [
    {
      input: { ...entries, ...commands },
      external,
      plugins: [clean(dir), typescript()],
      output: { ...code, format: 'es', ...named('js'), manualChunks: fewChunks(entries) },
    },
    {
      input: entries,
      external,
      plugins: [typescript()],
      output: { ...code, format: 'cjs', ...named('cjs') },
    },
    {
      input: entries,
      external,
      plugins: [dts()],
      output: ['d.ts', 'd.cts'].map(extension => ({ dir, format: 'es', ...named(extension) })),
    },
  ];
}

function sourcesOf(folder, files) {
  const names = files.map(file => file.replace(/^\.\/dist\/(.*)\.js$/, '$1'));
  return Object.fromEntries(names.map(name => [name, resolve(folder, 'src', `${name}.ts`)]));
}

/** Entries keep their place; what they share lies beside them. */
function named(extension) {
  return { entryFileNames: `[name].${extension}`, chunkFileNames: `[name].${extension}` };
}

/**
 * Rollup makes a file of whatever the same entries share, a dozen in all, some of a few lines. Importing an ES module
 * costs a third of a millisecond however small it is, so all that the main entry loads becomes one file, but for what
 * `/testing` shares, which needs little of it. CommonJS files cost next to nothing.
 */
function fewChunks({ index, 'testing/index': testing }) {
  if (testing === undefined) return undefined;
  return (path, { getModuleInfo }) => {
    const isLoadedBy = entry => loadedBy(entry, getModuleInfo).has(path);
    if (!isLoadedBy(index)) return undefined;
    return isLoadedBy(testing) ? 'shared' : 'core';
  };
}

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

function clean(dir) {
  return { name: 'clean', buildStart: () => rm(dir, { recursive: true, force: true }) };
}

function typescript(target = TARGET) {
  return {
    name: 'typescript',
    // In TypeScript a module is imported by the name that it has once it is built.
    resolveId: (source, importer) =>
      importer && source.startsWith('.')
        ? resolve(importer, '..', source.replace(/\.js$/, '.ts'))
        : undefined,
    transform: (source, path) =>
      transform(source, { loader: 'ts', target, sourcemap: true, sourcefile: path }),
    // CommonJS has none: only `here.ts` asks, and takes `__filename` there.
    resolveImportMeta: (_, { format }) => (format === 'cjs' ? 'undefined' : null),
  };
}

/** The page, beside the command that serves it: four files, no more. */
function pageOf(from, dir) {
  const minify = (source, loader) => transform(source, { loader, minify: true, target: BROWSERS });
  return {
    input: { page: resolve(from, 'main.ts') },
    plugins: [
      typescript(BROWSERS),
      {
        name: 'page',
        renderChunk: code => minify(code, 'js'),
        async generateBundle() {
          const css = await minify(await readFile(join(from, 'page.css'), 'utf8'), 'css');
          this.emitFile({ type: 'asset', fileName: 'page.css', source: css.code });
          for (const fileName of ['index.html', 'icon.svg']) {
            this.emitFile({ type: 'asset', fileName, source: await readFile(join(from, fileName)) });
          }
        },
      },
    ],
    output: { dir, format: 'es', entryFileNames: '[name].js' },
  };
}

export default [
  ...libraryOf('.'),
  ...libraryOf('packages/inspector'),
  ...libraryOf('packages/gateway'),
  pageOf('packages/inspector/src/page', 'packages/inspector/dist/cli/page'),
];
