// SPDX-License-Identifier: Apache-2.0
import { useEffect, useState } from 'preact/hooks';
import { useStore } from '../state/store.js';
import { Throttled } from '../state/throttle.js';

const REFRESH_MILLIS = 500;

export type Fetched<T> =
  | { readonly state: 'waiting' | 'gone' }
  | { readonly state: 'here'; readonly value: T };

/**
 * Asks for something again whenever events have come: a problem of a conversion may be gone since. What was there stays
 * while it is asked for.
 *
 * @param fetch called again if the key is another; gives undefined for what is not kept any more
 */
export function useFetched<T>(key: string, fetch: (key: string) => Promise<T | undefined>): Fetched<T> {
  const { connection, paused } = useStore();
  const [fetched, set] = useState<{ readonly key: string; readonly result: Fetched<T> }>();
  useEffect(() => {
    let isWanted = true;
    const look = new Throttled(REFRESH_MILLIS, async () => {
      const value = await fetch(key);
      const result: Fetched<T> = value === undefined ? { state: 'gone' } : { state: 'here', value };
      if (isWanted) set({ key, result });
    });
    look.ask();
    const stop = connection.tick.subscribe(() => {
      if (paused.peek() === undefined) look.ask();
    });
    return () => {
      isWanted = false;
      stop();
    };
  }, [key, fetch, connection, paused]);
  return fetched?.key === key ? fetched.result : { state: 'waiting' };
}
