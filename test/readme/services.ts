// SPDX-License-Identifier: Apache-2.0
import { checkSample, checkService, type ServiceProgram, type Where } from './checks.js';
import { type Format, nameOf } from './formats.js';

/** The services that the README has whole, by the file that is started with `instrumentation.mjs`. */
const SERVICES: Readonly<Record<string, Omit<ServiceProgram, 'args'>>> = {
  'server.mjs': { path: '/', records: ['impression', 'conversion'] },
  'app.cjs': { path: '/checkout/visitor-1', records: ['impression'] },
  'app.mjs': { path: '/', records: ['impression'], recordsVisits: true },
};

export interface NamedCheck {
  readonly name: string;
  run(where: Where): Promise<void>;
}

/** What has to hold in a folder to which `writeFiles` has written this format. */
export function checksOf(format: Format): NamedCheck[] {
  const telemetry = `./${nameOf('instrumentation.mjs', format)}`;
  const services = Object.entries(SERVICES).map(([file, service]) => ({
    name: file,
    run: (where: Where) =>
      checkService({ ...service, args: ['--import', telemetry, nameOf(file, format)] }, where),
  }));
  const sample = {
    name: 'sample.mjs',
    run: (where: Where) => checkSample([nameOf('sample.mjs', format)], where),
  };
  return [sample, ...services];
}
