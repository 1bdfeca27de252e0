// SPDX-License-Identifier: Apache-2.0
import { fs } from '../util/builtins.js';
import { sharedState } from '../util/shared-state.js';
import { CLIENT_NAME } from '../util/version.js';
import { onProcess } from './on-process.js';

/** What the end of the process has to do with a processor, of this copy of the package or another. */
export interface OpenProcessor {
  /** Events that are in memory only. */
  unsavedCount(): number;
  forceFlush(): Promise<unknown>;
  /** Sends what is queued, and each event from now on, without waiting for others. */
  deliverPromptly(): void;
  shutdown(): Promise<unknown>;
}

interface OpenProcessors {
  readonly processors: Set<OpenProcessor>;
  /** The process is about to end. */
  isEnding: boolean;
  ignoreExit?: (() => void) | undefined;
}

/** Shared by all copies of this package in the process: one line says what is lost with all of them. */
const OPEN = Symbol.for('opentelemetry-exporter-optimizely.open-processors.v1');

const state = sharedState(OPEN, (): OpenProcessors => ({ processors: new Set(), isEnding: false }));

/** Processors between construction and the end of shutdown, whether or not an SDK knows them. */
export function openProcessors(): readonly OpenProcessor[] {
  return [...state().processors];
}

/** @returns to be called at the end of its shutdown */
export function opened(processor: OpenProcessor): () => void {
  const open = state();
  open.processors.add(processor);
  if (open.isEnding) processor.deliverPromptly();
  return () => {
    open.processors.delete(processor);
    if (open.processors.size > 0) return;
    open.ignoreExit?.();
    open.ignoreExit = undefined;
  };
}

/** Has the end of the process say what ends with it. From the first event on: until then there is nothing to say. */
export function reportAtExit(): void {
  const open = state();
  if (open.ignoreExit !== undefined) return;
  open.ignoreExit = onProcess('exit', () => reportUnsaved(open.processors));
  // By Node's own word: who listens from now on is not called.
  if ((process as { _exiting?: unknown })._exiting === true) toldCount = 0;
}

/** How many events the end of the process has told of; undefined before. */
let toldCount: number | undefined;

/** An event was taken. One that comes after the end of the process has told what is lost is told of, too: the first. */
export function reportIfLate(): void {
  if (toldCount === undefined || unsavedCount(state().processors) <= toldCount) return;
  toldCount = Number.POSITIVE_INFINITY;
  tellLost(
    'lost, since they were recorded while the process was ending',
    'record them before, or set eventStore',
  );
}

/** Whether those that are opened from now on deliver promptly too. */
export function setProcessEnding(isEnding: boolean): void {
  state().isEnding = isEnding;
}

function reportUnsaved(processors: Set<OpenProcessor>): void {
  toldCount = unsavedCount(processors);
  if (toldCount === 0) return;
  const { isMainThread } = process.getBuiltinModule('node:worker_threads');
  const ending = isMainThread ? 'process' : 'worker thread';
  tellLost(
    `lost, since the ${ending} ended before they were delivered: ${toldCount}`,
    "await the processor's shutdown() before the end, or set flushOnBeforeExit or eventStore",
  );
}

function unsavedCount(processors: Set<OpenProcessor>): number {
  let count = 0;
  for (const processor of processors) count += processor.unsavedCount();
  return count;
}

/** Node emits no more warnings at exit, and writes to a stream may not arrive. */
function tellLost(what: string, advice: string): void {
  fs.writeSync(2, `${CLIENT_NAME}: [OPTIMIZELY_EVENTS_LOST_AT_EXIT] experiment events ${what}; ${advice}\n`);
}
