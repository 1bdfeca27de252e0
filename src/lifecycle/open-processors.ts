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
  open.ignoreExit ??= onProcess('exit', () => reportUnsaved(open.processors));
}

/** Whether those that are opened from now on deliver promptly too. */
export function setProcessEnding(isEnding: boolean): void {
  state().isEnding = isEnding;
}

/** Node emits no more warnings at exit, and writes to a stream may not arrive. */
function reportUnsaved(processors: Set<OpenProcessor>): void {
  let count = 0;
  for (const processor of processors) count += processor.unsavedCount();
  if (count === 0) return;
  const { isMainThread } = process.getBuiltinModule('node:worker_threads');
  const ending = isMainThread ? 'process' : 'worker thread';
  fs.writeSync(
    2,
    `${CLIENT_NAME}: [OPTIMIZELY_EVENTS_LOST_AT_EXIT] experiment events lost, since the ${ending} ended before they ` +
      `were delivered: ${count}; await the processor's shutdown() before the end, or set flushOnBeforeExit or eventStore\n`,
  );
}
