// SPDX-License-Identifier: Apache-2.0
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeDatafile } from '../../../../test/support/datafile.js';

export interface GatewayArguments {
  /** For its datafile, its configuration and its store. */
  readonly folder: string;
  readonly endpoint: string;
  readonly port: number;
  readonly store: boolean;
  readonly ack: 'delivered' | undefined;
  /** Deadlines are short, so that a run of few events does not consist of waiting. */
  readonly isHurried: boolean;
}

/** @returns the command line of a gateway over the datafile of the tests */
export function gatewayArguments(options: GatewayArguments): string[] {
  const { folder, port, isHurried } = options;
  writeFileSync(join(folder, 'datafile.json'), JSON.stringify(makeDatafile()));
  const source = isHurried ? ['--config', writeConfig(options)] : flags(options);
  return [...source, '--port', String(port)];
}

function flags({ folder, endpoint, store, ack }: GatewayArguments): string[] {
  return [
    ...['--datafile', join(folder, 'datafile.json')],
    ...['--endpoint', endpoint],
    ...(store ? ['--store', join(folder, 'store')] : []),
    ...(ack === undefined ? [] : ['--ack', ack]),
  ];
}

function writeConfig({ folder, endpoint, store, ack }: GatewayArguments): string {
  const project = {
    datafile: 'datafile.json',
    endpoint,
    store: store ? 'store' : undefined,
    flushIntervalMillis: 100,
    requestTimeoutMillis: 1_000,
    drainTimeoutMillis: 3_000,
  };
  const path = join(folder, 'gateway.json');
  writeFileSync(path, JSON.stringify({ projects: { default: project }, ack, ackTimeoutMillis: 2_000 }));
  return path;
}
