// SPDX-License-Identifier: Apache-2.0
import { createRequire } from 'node:module';
import ts from 'typescript';
import { moduleText } from './code-check.js';
import { type CodeBlock, codeBlocks } from './markdown.js';

const require = createRequire(import.meta.url);
const AsyncFunction = (async () => {}).constructor as new (
  ...texts: string[]
) => (...values: unknown[]) => Promise<Record<string, unknown>>;

/** The block that has this mark behind its language. */
export function markedBlock(page: string, mark: string): CodeBlock {
  const [block, ...others] = codeBlocks(page).filter(({ marks }) => marks.includes(mark));
  if (block === undefined || others.length > 0) throw new Error(`${page}: not one block is marked ${mark}`);
  return block;
}

/**
 * Runs a block against the built package, as CommonJS.
 *
 * @param names what it takes for granted
 * @param wanted names of the block whose values to return
 */
export function runBlock(
  block: CodeBlock,
  names: Record<string, unknown>,
  wanted: readonly string[] = [],
): Promise<Record<string, unknown>> {
  const { outputText } = ts.transpileModule(moduleText(block), {
    compilerOptions: { module: ts.ModuleKind.CommonJS, target: ts.ScriptTarget.ES2022 },
  });
  const body = `const exports = {}; ${outputText}\nreturn { ${wanted.join(', ')} };`;
  return new AsyncFunction('require', ...Object.keys(names), body)(require, ...Object.values(names));
}
