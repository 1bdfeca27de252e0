// SPDX-License-Identifier: Apache-2.0
import { mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { runCommand } from '../matrix/run-command.js';
import { patience } from '../support/slowness.cjs';
import { asCommonJs, asModule, pastedFile } from './pasted.js';

/** How a reader's package is written. The first two take each file as it is pasted, where its name says so. */
export const FORMATS = ['pasted', 'CommonJS', 'TypeScript, ES modules', 'TypeScript, CommonJS'] as const;
export type Format = (typeof FORMATS)[number];

/** The files of the README that run in a folder with the packages and nothing else. */
export const FILES = ['sample.mjs', 'instrumentation.mjs', 'server.mjs', 'app.cjs', 'app.mjs'] as const;

/** What a file of the README is called in this format. */
export function nameOf(file: string, format: Format): string {
  if (format === 'pasted') return file;
  const name = file.replace('.', '-').replace(/^(\w+)-mjs$/, '$1');
  return format === 'CommonJS' ? `${name}.cjs` : `${name}.js`;
}

/**
 * Writes the files into a folder in which the packages are found. TypeScript is compiled strictly.
 *
 * @throws (rejects) Error what the compiler says
 */
export async function writeFiles(folder: string, format: Format): Promise<void> {
  mkdirSync(folder);
  const isTypeScript = format.startsWith('TypeScript');
  const type = format === 'TypeScript, ES modules' ? 'module' : 'commonjs';
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ private: true, type }));
  for (const file of FILES) {
    const code = pastedFile(file);
    const name = nameOf(file, format);
    if (format === 'pasted') writeFileSync(join(folder, name), code);
    else if (format === 'CommonJS') writeFileSync(join(folder, name), asCommonJs(code));
    else writeFileSync(join(folder, name.replace(/\.js$/, '.ts')), asModule(code));
  }
  if (isTypeScript) await compile(folder);
}

async function compile(folder: string): Promise<void> {
  const compilerOptions = {
    strict: true,
    target: 'es2022',
    module: 'nodenext',
    esModuleInterop: true,
    skipLibCheck: true,
    types: ['node'],
  };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['*.ts'] }));
  const tsc = join(createRequire(join(folder, 'app.js')).resolve('typescript/package.json'), '../bin/tsc');
  await runCommand('node', [tsc, '-p', '.'], { cwd: folder, timeoutMillis: patience(20_000) });
}
