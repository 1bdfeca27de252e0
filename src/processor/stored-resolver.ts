// SPDX-License-Identifier: Apache-2.0
import type { StoredEventResolver } from '../batch/replayed-events.js';
import type { DatafileIndex } from '../model/datafile-index.js';
import type { ExperimentEvent } from '../model/experiment-event.js';
import type { SerializedEvent } from '../model/serialized-event.js';
import { withNumbers } from '../serialize/detach-event.js';
import type { EventResolver } from '../serialize/event-resolver.js';

/** Resolves stored events against the datafile in force; without one, all stored events wait. */
export class StoredResolver implements StoredEventResolver {
  readonly #datafiles: { current(): DatafileIndex | undefined };
  readonly #resolver: EventResolver;

  constructor(datafiles: { current(): DatafileIndex | undefined }, resolver: EventResolver) {
    this.#datafiles = datafiles;
    this.#resolver = resolver;
  }

  get isReady(): boolean {
    return this.#datafiles.current() !== undefined;
  }

  resolve(event: ExperimentEvent, acceptedAt: number): SerializedEvent | 'no datafile' | undefined {
    const datafile = this.#datafiles.current();
    if (datafile === undefined) return 'no datafile';
    return this.#resolver.resolve(withNumbers(event), datafile, acceptedAt);
  }
}
