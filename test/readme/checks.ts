// SPDX-License-Identifier: Apache-2.0
import { expect } from 'chai';
import { Program, type ProgramOptions } from './program.js';
import { StandIn } from './stand-in.js';

export type Where = Omit<ProgramOptions, 'standIn' | 'recordsVisits'>;

export interface ServiceProgram {
  /** What node is given. */
  readonly args: readonly string[];
  /** Of the page that records. */
  readonly path: string;
  /** Types of the events that one request for that page records. */
  readonly records: readonly ('impression' | 'conversion')[];
  readonly recordsVisits?: boolean;
  /** Whether requests that are being answered at SIGTERM are answered. @default true */
  readonly drains?: boolean;
  /** Where its events go. @default Optimizely's Events API */
  readonly eventHost?: string;
}

/**
 * Starts a service of the README, asks it for a page, and ends it by SIGTERM while it answers a second request.
 *
 * @throws (rejects) if it does not end by itself, or an event of either request did not arrive or would not count
 */
export async function checkService(service: ServiceProgram, where: Where): Promise<void> {
  const { args, path, records, recordsVisits = false, drains = true } = service;
  const { eventHost = 'logx.optimizely.com' } = service;
  await withStandIn(async standIn => {
    const program = new Program(args, { ...where, standIn, recordsVisits });
    await program.get(path);
    const slow = drains ? program.get(`${path}?slow`) : undefined;
    if (drains) await program.says(/(a slow request)/);
    program.signal('SIGTERM');
    await slow;
    const { code, signal } = await program.ended;
    expect([0, 143, 'SIGTERM'], program.said).to.include(code ?? signal);
    expect(program.said).not.to.match(/OPTIMIZELY_|warning/i);
    expectCounted(standIn);
    expect([...new Set(standIn.eventHosts)]).to.deep.equal([eventHost]);
    const requests = drains ? 2 : 1;
    const whileItEnds = drains ? ['conversion'] : [];
    const expected = [
      ...records.flatMap(type => Array.from({ length: requests }, () => type)),
      ...whileItEnds,
    ];
    expect(typesOf(standIn), program.said).to.have.members(expected);
  });
}

/** Runs the program of the first section to its end. */
export async function checkSample(args: readonly string[], where: Where): Promise<void> {
  await withStandIn(async standIn => {
    const program = new Program(args, { ...where, standIn });
    const { code } = await program.ended;
    expect(code, program.said).to.equal(0);
    expect(program.said).to.match(/recorded: 30,[\s\S]*delivered: 30,/);
    expectCounted(standIn);
    const conversions = typesOf(standIn).filter(type => type === 'conversion');
    expect([standIn.events.length, conversions.length]).to.deep.equal([30, 10]);
  });
}

async function withStandIn(run: (standIn: StandIn) => Promise<void>): Promise<void> {
  const standIn = await StandIn.start();
  try {
    await run(standIn);
  } finally {
    await standIn.close();
  }
}

const typesOf = ({ events }: StandIn) => events.map(({ type }) => type);

function expectCounted({ events }: StandIn): void {
  expect(events.flatMap(({ problems }) => problems.map(({ message }) => message))).to.deep.equal([]);
}
