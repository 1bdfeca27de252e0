// SPDX-License-Identifier: Apache-2.0
import { type CodeBlock, codeBlocks } from '../docs/markdown.js';

/** The blocks of the README that are files, by the name in their first line: `// app.mjs`, `// app.mjs: how to start it`. */
export function pastedFiles(): Map<string, CodeBlock> {
  const files = codeBlocks('README.md').flatMap(block => {
    const name = /^\/\/ ([\w./-]+\.(?:mjs|cjs|ts))(?::.*)?\n/.exec(block.code)?.[1];
    return name === undefined ? [] : [[name, block] as const];
  });
  return new Map(files);
}

/** @throws Error the README has no such file */
export function pastedFile(name: string): string {
  const block = pastedFiles().get(name);
  if (block === undefined) throw new Error(`README.md has no block that begins with // ${name}`);
  return `${block.code}\n`;
}

/** The commands of the README, one a line, without their comments. */
export function commandLines(): string[] {
  return codeBlocks('README.md')
    .filter(({ language }) => language === 'sh')
    .flatMap(({ code }) => code.replaceAll(/\\\n\s*/g, '').split('\n'))
    .map(line => line.replace(/\s+#.*$/, '').trim());
}

/** What `npm install` is given, in all commands of the README. */
export function installedPackages(): string[] {
  const lines = commandLines().flatMap(line => /^npm install (.*)$/.exec(line)?.[1] ?? []);
  return [...new Set(lines.flatMap(line => line.split(/\s+/)))];
}

/** As the README has readers of a CommonJS file write it. */
export function asCommonJs(code: string): string {
  return code
    .replaceAll(
      /^import \{([^}]*)\} from ('[^']+');/gm,
      (_, names, from) => `const {${names}} = require(${from});`,
    )
    .replaceAll(/^import (\w+) from ('[^']+');/gm, 'const $1 = require($2);');
}

/** The other way around, which is how TypeScript is written. */
export function asModule(code: string): string {
  return code
    .replaceAll(/^const \{([^}]*)\} = require\(('[^']+')\);/gm, 'import {$1} from $2;')
    .replaceAll(/^const (\w+) = require\(('[^']+')\);/gm, 'import $1 from $2;');
}
