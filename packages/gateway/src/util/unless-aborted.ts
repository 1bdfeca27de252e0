// SPDX-License-Identifier: Apache-2.0

/** Calls back when work is to be given up, at once if that has happened. @returns what ends that */
type WhenAborted = (listener: (reason: unknown) => void) => () => void;

/** What the exporter passes besides `signal`, which costs a tenth of the whole where it is looked at. */
const WHEN_ABORTED = Symbol.for('opentelemetry-exporter-optimizely.when-aborted.v1');

/** What a dispatcher is given. */
export interface Abortable {
  readonly signal?: AbortSignal | undefined;
  readonly [WHEN_ABORTED]?: WhenAborted;
}

/**
 * Waits for work that can't be told to give up, until then. What it still does is of no interest.
 *
 * @throws (rejects) the reason
 */
export function unlessAborted<T>(options: Abortable | undefined, work: Promise<T>): Promise<T> {
  const whenAborted = options?.[WHEN_ABORTED] ?? ofSignal(options?.signal);
  if (whenAborted === undefined) return work;
  return new Promise((resolve, reject) => {
    const stop = whenAborted(reject);
    void work.then(resolve, reject).then(stop);
  });
}

function ofSignal(signal: AbortSignal | undefined): WhenAborted | undefined {
  if (signal === undefined) return undefined;
  return listener => {
    const onAbort = () => listener(signal.reason);
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
    return () => signal.removeEventListener('abort', onAbort);
  };
}
