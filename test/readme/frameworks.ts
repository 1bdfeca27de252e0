// SPDX-License-Identifier: Apache-2.0
import { cpSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { codeBlocks } from '../docs/markdown.js';
import { runCommand } from '../matrix/run-command.js';
import { checkService, type Where } from './checks.js';
import { pastedFile } from './pasted.js';

const FIXTURES = fileURLToPath(new URL('./fixtures/', import.meta.url));
const BUILD_MILLIS = 300_000;
const COMPONENT = { path: '/shown', records: ['impression'] } as const;
const PAGE = { path: '/checkout/visitor-1', records: ['impression'] } as const;

/** A Nest application whose `main.ts` is that of the README, compiled and run as this type of module. */
export async function checkNest(
  where: Where,
  type: 'module' | 'commonjs',
  nodeFolder: string,
): Promise<void> {
  const { cwd } = where;
  cpSync(join(FIXTURES, 'nest'), cwd, { recursive: true });
  writeFileSync(join(cwd, 'package.json'), JSON.stringify({ private: true, type }));
  writeFileSync(join(cwd, 'src/main.ts'), pastedFile('src/main.ts'));
  writeFileSync(join(cwd, 'instrumentation.mjs'), pastedFile('instrumentation.mjs'));
  const args = [programOf(cwd, 'typescript', 'bin/tsc'), '-p', '.'];
  await runCommand('node', args, { cwd, nodeFolder, timeoutMillis: BUILD_MILLIS });
  await checkService({ ...PAGE, args: ['--import', './instrumentation.mjs', 'dist/main.js'] }, where);
}

/** A Next.js application with the README's `instrumentation.ts`, and the component of docs/recording.md, built and started. */
export async function checkNext(where: Where, nodeFolder: string): Promise<void> {
  const { cwd } = where;
  cpSync(join(FIXTURES, 'next'), cwd, { recursive: true });
  writeFileSync(join(cwd, 'package.json'), JSON.stringify({ private: true }));
  writeFileSync(join(cwd, 'instrumentation.ts'), pastedFile('instrumentation.ts'));
  writeFileSync(join(cwd, 'instrumentation.node.ts'), pastedFile('instrumentation.mjs'));
  const component = codeBlocks('docs/recording.md').find(({ language }) => language === 'tsx')?.code ?? '';
  writeFileSync(join(cwd, 'app/shown/checkout.tsx'), component);
  const next = programOf(cwd, 'next', 'dist/bin/next');
  const env = { NEXT_TELEMETRY_DISABLED: '1', OPTIMIZELY_SDK_KEY: 'YOUR_SDK_KEY' };
  await runCommand('node', [next, 'build'], { cwd, nodeFolder, env, timeoutMillis: BUILD_MILLIS });
  const started = { ...where, env: { NEXT_MANUAL_SIG_HANDLE: 'true' } };
  // Its server is its own to close, so what is being answered at SIGTERM is not.
  for (const page of [PAGE, COMPONENT]) {
    await checkService({ ...page, args: [next, 'start'], drains: false }, started);
  }
}

/** Where a program of an installed package is. */
function programOf(cwd: string, name: string, path: string): string {
  return join(createRequire(join(cwd, 'app.js')).resolve(`${name}/package.json`), '..', path);
}
