// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';

/** The name of the command. */
export const COMMAND = 'optimizely-event-gateway';

/** @returns what `--version` prints: the version in package.json, which is as far from dist/cli/ as from src/cli/ */
export function readVersion(): string {
  const manifest = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(manifest) as { version: string }).version;
}
