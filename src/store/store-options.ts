// SPDX-License-Identifier: Apache-2.0
import {
  bytes,
  choice,
  type OptionTable,
  other,
  type ResolvedOptions,
} from '../util/options/option-table.js';

export interface FileEventStoreOptions {
  /** Made where it is missing. Several processes may share it; each store makes a directory of its own in it. */
  directory: string;
  /**
   * Bytes of this store's files, those that it adopts included; further events are refused.
   * @default 268_435_456
   */
  maxBytes?: number | undefined;
  /**
   * `'none'`: events survive the process. `'batch'`: they are brought to the disk in the background too, many at a
   * time, so that all but the last moment's survive the machine.
   * @default 'none'
   */
  fsync?: 'none' | 'batch' | undefined;
  /**
   * `'call'`: an event is written before the call that records it returns. `'turn'`: the events of a turn of the event
   * loop are written together at its end, which costs less; if the process is killed, those of the turn that is
   * running are lost.
   * @default 'call'
   */
  commit?: 'call' | 'turn' | undefined;
}

export const FILE_EVENT_STORE = {
  name: 'FileEventStore',
  example: "new FileEventStore({ directory: '/var/lib/my-service' })",
  table: {
    directory: other<string>({ unit: 'path' }),
    maxBytes: bytes(268_435_456),
    fsync: choice<'none' | 'batch'>('none', ['none', 'batch']),
    commit: choice<'call' | 'turn'>('call', ['call', 'turn']),
  } satisfies OptionTable<FileEventStoreOptions>,
};

export type ResolvedStoreOptions = ResolvedOptions<typeof FILE_EVENT_STORE.table> & {
  readonly directory: string;
};
