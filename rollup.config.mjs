// SPDX-License-Identifier: Apache-2.0
//
// `npm run build`: both packages as ES modules and as CommonJS, each with its own types; their commands; the inspector's
// page. Source maps name the lines of src/ and carry no sources.
import { existsSync, readFileSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, transform } from 'esbuild';
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
    // A file that is loaded later may be that of another version by then: it must fail, not take one thing for another.
    minifyInternalExports: false,
    ...(folder === '.' && { manualChunks: oneChunk(entries) }),
  };
  return [
    {
      input: { ...entries, ...commands },
      external,
      plugins: [clean(dir), typescript()],
      output: { ...code, format: 'es', ...named('js') },
    },
    {
      input: entries,
      external,
      plugins: [typescript()],
      // A copy of the API's members is not needed, and could not be made where all objects have a member `value`.
      output: {
        ...code,
        format: 'cjs',
        interop: id => (isOpenTelemetry(id) ? 'esModule' : 'default'),
        ...named('cjs'),
      },
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

const isOpenTelemetry = id => id?.startsWith('@opentelemetry/') ?? false;

/** Entries keep their place; what they share lies beside them. */
function named(extension) {
  // What a command loads once it listens to signals reads the package's version, as the command did.
  const placeOf = ({ name }) => (name === 'command' ? 'cli/' : '');
  return {
    entryFileNames: `[name].${extension}`,
    chunkFileNames: chunk => `${placeOf(chunk)}[name].${extension}`,
  };
}

/**
 * Rollup makes a file of whatever the same entries share, a dozen in all, some of a few lines. Importing an ES module
 * costs a third of a millisecond however small it is, so all that the main entry loads becomes one file. A CommonJS file
 * costs a sixth of that. What the source imports by `import()` stays apart: it is loaded later.
 */
function oneChunk({ index }) {
  return (path, { getModuleInfo }) => (loadedBy(index, getModuleInfo).has(path) ? 'core' : undefined);
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
      importer && source.startsWith('.') ? sourceOf(resolve(importer, '..', source)) : undefined,
    transform: (source, path) =>
      transform(source, { loader: loaderOf(path), target, ...JSX, sourcemap: true, sourcefile: path }),
    // CommonJS has none: only `here.ts` asks, and takes `__filename` there.
    resolveImportMeta: (_, { format }) => (format === 'cjs' ? 'undefined' : null),
  };
}

const JSX = { jsx: 'automatic', jsxImportSource: 'preact' };

function sourceOf(path) {
  const [typescript, withJsx] = ['.ts', '.tsx'].map(extension => path.replace(/\.js$/, extension));
  return existsSync(withJsx) ? withJsx : typescript;
}

const loaderOf = path => (path.endsWith('.tsx') ? 'tsx' : path.endsWith('.ts') ? 'ts' : 'js');

/** The page, beside the command that serves it: four files, no more. What it needs of libraries is in `page.js`. */
function pageOf(from, dir) {
  return {
    input: { page: resolve(from, 'main.tsx') },
    plugins: [
      {
        name: 'libraries',
        resolveId: source => (external(source) ? fileURLToPath(import.meta.resolve(source)) : undefined),
      },
      typescript(BROWSERS),
      {
        name: 'page',
        async renderChunk(source) {
          const { code } = await transform(source, { minify: true, target: BROWSERS });
          return licensesOf(['preact', '@preact/signals']) + code;
        },
        async generateBundle() {
          const source = await styles(resolve(from, 'styles/page.css'));
          this.emitFile({ type: 'asset', fileName: 'page.css', source });
          for (const fileName of ['index.html', 'icon.svg']) {
            this.emitFile({ type: 'asset', fileName, source: await readFile(join(from, fileName)) });
          }
        },
      },
    ],
    output: { dir, format: 'es', entryFileNames: '[name].js' },
  };
}

async function styles(entry) {
  const options = { bundle: true, minify: true, write: false, target: BROWSERS };
  const { outputFiles } = await build({ entryPoints: [entry], ...options });
  return outputFiles[0].text;
}

/** Their license asks for it to go wherever the code goes. */
function licensesOf(names) {
  const texts = names.map(
    name => `${name}\n\n${readFileSync(join('node_modules', name, 'LICENSE'), 'utf8')}`,
  );
  return `/*!\n${texts.join('\n')}*/\n`;
}

export default [
  ...libraryOf('.'),
  ...libraryOf('packages/inspector'),
  ...libraryOf('packages/gateway'),
  pageOf('packages/inspector/src/page', 'packages/inspector/dist/cli/page'),
];
