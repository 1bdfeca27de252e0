// SPDX-License-Identifier: Apache-2.0

/** Says to one listener when work is to be given up, at once if that has happened. */
interface AbortSource {
  listen(listener: { aborted(reason: unknown): void }): void;
  unlisten(): void;
}

/** What the exporter passes besides `signal`, which costs a tenth of the whole where it is looked at. */
const ABORT_SOURCE = Symbol.for('opentelemetry-exporter-optimizely.abort-source.v2');

/** What a dispatcher is given. */
export interface Abortable {
  readonly signal?: AbortSignal | undefined;
  readonly [ABORT_SOURCE]?: AbortSource;
}

/**
 * Waits for work that can't be told to give up, until then. What it still does is of no interest.
 *
 * @throws (rejects) the reason
 */
export function unlessAborted<T>(options: Abortable | undefined, work: Promise<T>): Promise<T> {
  const source = options?.[ABORT_SOURCE] ?? ofSignal(options?.signal);
  if (source === undefined) return work;
  return new Promise((resolve, reject) => {
    source.listen({ aborted: reject });
    void work.then(resolve, reject).then(() => source.unlisten());
  });
}

function ofSignal(signal: AbortSignal | undefined): AbortSource | undefined {
  if (signal === undefined) return undefined;
  let onAbort = () => {};
  return {
    listen(listener) {
      onAbort = () => listener.aborted(signal.reason);
      if (signal.aborted) onAbort();
      else signal.addEventListener('abort', onAbort, { once: true });
    },
    unlisten: () => signal.removeEventListener('abort', onAbort),
  };
}
