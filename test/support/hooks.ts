// SPDX-License-Identifier: Apache-2.0
import { Server } from 'node:net';
import fc from 'fast-check';
import { killLeftovers } from './child.js';
import { failWhatHangs } from './hang-watch.js';
import { SEED } from './seed.js';

const triesMutants = process.env.STRYKER_MUTATOR_WORKER !== undefined;
let watchesForHangs = false;

// A property that fails says its seed and path itself. With a thousand mutants each gets a moment of it.
fc.configureGlobal({ seed: SEED, ...(triesMutants && { interruptAfterTimeLimit: 200 }) });

// A machine whose services are pointed somewhere is no reason for the tests to go there.
for (const name of Object.keys(process.env)) if (name.startsWith('OPTIMIZELY_')) delete process.env[name];

/** Servers that listen, with whether they were opened for the whole file. */
const open = new Map<Server, 'for a test' | 'for a file'>();
let isInTest = false;

// A test whose assertion fails before its last line leaves its server open, which would keep the run from ending.
const { listen } = Server.prototype;
Server.prototype.listen = function (this: Server, ...args: unknown[]) {
  open.set(this, isInTest ? 'for a test' : 'for a file');
  this.once('close', () => open.delete(this));
  return Reflect.apply(listen, this, args);
} as typeof listen;

function closeServers(kind?: 'for a test'): void {
  for (const [server, openedFor] of open) {
    if (kind !== undefined && openedFor !== kind) continue;
    open.delete(server);
    server.close();
    (server as { closeAllConnections?(): void }).closeAllConnections?.();
  }
}

/** What still closes when the last test has ended has so long for it. */
const CLOSING_MILLIS = 30_000;
// Before any test puts a clock of its own in its place.
const { setTimeout } = globalThis;

/** What watches, or tries mutants, has mocha run many times in one process. */
const runsAgain = process.argv.includes('--watch') || triesMutants;

const listenersAtStart = process.listeners('exit');

/** A failed assertion may leave open what its test would have closed: that must not keep the run from ending. */
function endTheRun(): void {
  // Processors that tests left open would say at exit how many events they lose, behind the closing line of the run.
  const ofTests = process.listeners('exit').filter(listener => !listenersAtStart.includes(listener));
  setTimeout(() => {
    process.stderr.write(`left open by the tests: ${process.getActiveResourcesInfo().join(', ')}\n`);
    process.exit(process.exitCode || 1);
  }, CLOSING_MILLIS).unref();
  // Not left to node, which waits in its own cleanup, at full speed and for ever, for a request of a socket that a test
  // destroyed. Registered late, so that mocha has set the exit code.
  process.once('beforeExit', () => {
    for (const listener of ofTests) process.off('exit', listener);
    process.on('exit', () => process.exit());
  });
}

export const mochaHooks: Mocha.RootHookObject = {
  beforeEach(this: Mocha.Context) {
    isInTest = true;
    if (triesMutants && !watchesForHangs && this.currentTest !== undefined) {
      watchesForHangs = true;
      failWhatHangs(this.currentTest);
    }
  },
  afterEach(this: Mocha.Context) {
    isInTest = false;
    closeServers('for a test');
    if (this.currentTest?.state === 'failed') killLeftovers();
  },
  afterAll() {
    closeServers();
    killLeftovers();
    if (!runsAgain) endTheRun();
  },
};
