// SPDX-License-Identifier: Apache-2.0
import { join } from 'node:path';
import ts from 'typescript';
import * as main from '../../src/index.js';
import * as testing from '../../src/testing/index.js';
import { compilerOptions } from './documented-options.js';
import { type CodeBlock, ROOT } from './markdown.js';

/** What a block may use without an import: names of values and of types, by entry. */
const ENTRIES: [string, string[], string[]][] = [
  ['opentelemetry-exporter-optimizely', Object.keys(main), ['LogEvent', 'LedgerSnapshot', 'DroppedEvents']],
  ['opentelemetry-exporter-optimizely/testing', Object.keys(testing), []],
];
const OFFICIAL_SDK = '@optimizely/optimizely-sdk';
/** Names that stand for what the reader's own service has. */
const READERS_OWN = join(ROOT, 'test/docs/readers-own.ts');

const POSSIBLY_NULL = 18047;

/** What the compiler says of the code, against the built package, as `page:line: message`. */
export function typeErrors(blocks: readonly CodeBlock[]): string[] {
  const options = {
    ...compilerOptions(),
    noUnusedLocals: false,
    noUnusedParameters: false,
    verbatimModuleSyntax: false,
    // What has no import is a script, whose names are everybody's.
    moduleDetection: ts.ModuleDetectionKind.Legacy,
  };
  // Beside the tests, so that the package's name leads to dist/ through package.json.
  const files = new Map(
    blocks.map(block => [
      join(ROOT, 'test/docs', `${block.page.replaceAll('/', '-')}-${block.line}.ts`),
      block,
    ]),
  );
  const host = ts.createCompilerHost(options);
  const { fileExists, getSourceFile } = host;
  host.fileExists = name => files.has(name) || fileExists.call(host, name);
  host.getSourceFile = (name, ...rest) => {
    const block = files.get(name);
    if (block === undefined) return getSourceFile.call(host, name, ...rest);
    return ts.createSourceFile(name, moduleText(block), ts.ScriptTarget.ES2022, true);
  };
  const program = ts.createProgram([READERS_OWN, ...files.keys()], options, host);
  const diagnostics = ts.getPreEmitDiagnostics(program).filter(({ file, code }) => {
    // Plain JavaScript does not ask whether something may be null.
    return !(code === POSSIBLY_NULL && file && files.get(file.fileName)?.language === 'js');
  });
  return diagnostics.map(({ file, start = 0, messageText }) => {
    const block = file && files.get(file.fileName);
    const message = ts.flattenDiagnosticMessageText(messageText, ' ');
    if (!file || !block) return `${file?.fileName}: ${message}`;
    return `${block.page}:${block.line + file.getLineAndCharacterOfPosition(start).line}: ${message}`;
  });
}

/** A block may use what the package exports without importing it; it is a module in any case. */
export function moduleText({ code, marks }: CodeBlock): string {
  const statements = ENTRIES.map(([specifier, values, types]) => {
    const names = [...values, ...types].filter(name => mentions(code, name) && !imports(code, name));
    return `import { ${names.join(', ')} } from '${specifier}'; `;
  });
  const isOfVersion5 = marks.some(mark => mark.startsWith('v5-'));
  return statements.join('') + (isOfVersion5 ? code.replace(OFFICIAL_SDK, 'optimizely-sdk-5') : code);
}

function imports(code: string, name: string): boolean {
  return [...code.matchAll(/import [^;]*;/g)].some(([statement]) => mentions(statement, name));
}

function mentions(text: string, name: string): boolean {
  return new RegExp(`\\b${name}\\b`).test(text);
}
