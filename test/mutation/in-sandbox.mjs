// SPDX-License-Identifier: Apache-2.0
import { readdirSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';

// Stryker changes a copy of the project, and starts the process outside of it: tsx is to lead the package's names to the
// copy's src/.
const COPIES = '.stryker-tmp';
const copies = readdirSync(COPIES)
  .filter(name => name.startsWith('sandbox'))
  .map(name => resolve(COPIES, name))
  .sort((a, b) => statSync(b).mtimeMs - statSync(a).mtimeMs);
process.env.TSX_TSCONFIG_PATH = join(copies[0], 'tsconfig.json');
await import('tsx');
