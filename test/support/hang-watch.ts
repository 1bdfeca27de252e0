// SPDX-License-Identifier: Apache-2.0

// The real one, before any test puts another in its place.
const { setInterval } = globalThis;

const CHECK_MILLIS = 20;
/** More than one: what was ready to run has run by then, on a busy machine as well. */
const CHECKS = 10;

/** What mocha runs: a test or a hook. */
interface Runnable {
  /** Mocha's own, which runs also where a test may take as long as it likes. */
  readonly timer?: unknown;
  run(done: (error?: unknown) => void): void;
  callback(error: Error): void;
}

interface Watched {
  readonly runnable: Runnable;
  /** What kept the process alive before it. */
  readonly before: ReadonlyMap<string, number>;
  idleChecks: number;
}

/**
 * Has tests and hooks fail as soon as nothing is left that could end them: no socket, request, child process or timer
 * keeps the process alive. Most mutants that are noticed leave a test awaiting a promise that never settles, and would
 * take as long as a hang does.
 *
 * @param test any of the mocha that runs, whose class all that it runs extends
 */
export function failWhatHangs(test: Mocha.Test): void {
  const prototype = Object.getPrototypeOf(Object.getPrototypeOf(test)) as Runnable;
  const { run } = prototype;
  let watched: Watched | undefined;
  prototype.run = function (this: Runnable, done) {
    const mine = { runnable: this, before: activeResources(), idleChecks: 0 };
    watched = mine;
    run.call(this, error => {
      if (watched === mine) watched = undefined;
      done(error);
    });
  };
  setInterval(() => {
    if (watched === undefined) return;
    watched.idleChecks = isIdle(watched) ? watched.idleChecks + 1 : 0;
    if (watched.idleChecks < CHECKS) return;
    watched.runnable.callback(new Error('it hangs: nothing is left that could end it'));
    watched = undefined;
  }, CHECK_MILLIS).unref();
}

function isIdle({ runnable, before }: Watched): boolean {
  const active = activeResources();
  const { timer } = runnable;
  if (timer !== undefined && timer !== null) active.set('Timeout', (active.get('Timeout') ?? 1) - 1);
  return [...active].every(([kind, count]) => count <= (before.get(kind) ?? 0));
}

function activeResources(): Map<string, number> {
  const counts = new Map<string, number>();
  for (const kind of process.getActiveResourcesInfo()) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  return counts;
}
