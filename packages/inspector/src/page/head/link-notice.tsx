// SPDX-License-Identifier: Apache-2.0
import type { Connection } from '../state/connection.js';
import { useStore } from '../state/store.js';
import { time } from '../ui/format.js';

/** A live region: whether the inspector answers, and whether it is the one that has answered before. */
export function LinkNotice() {
  const { connection } = useStore();
  const words = wordsOf(connection);
  const { restartedAt } = connection;
  return (
    <div class="link-notice" role="status" aria-live="polite" aria-label="Connection">
      {words !== undefined && <p class="notice lost">{words}</p>}
      {words === undefined && restartedAt.value !== undefined && (
        <p class="notice warning">
          The inspector was started again at {time(restartedAt.value)}. Events from before are gone.
          <button type="button" onClick={() => (restartedAt.value = undefined)}>
            Dismiss
          </button>
        </p>
      )}
    </div>
  );
}

function wordsOf({ link }: Connection): string | undefined {
  switch (link.value) {
    case 'connecting':
    case 'live':
      return undefined;
    case 'gone':
      return 'The inspector is not running, or does not answer. Events that are sent now do not arrive. This page goes on when it is back.';
    case 'crowded':
      return 'The inspector has too many pages open: close some. What is shown here may be old.';
  }
}
