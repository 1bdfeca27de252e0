// SPDX-License-Identifier: Apache-2.0
import { useStore } from '../state/store.js';

/** Before anything else: whether what is sent here reaches Optimizely. */
export function ForwardingBanner() {
  const to = useStore().overview.value?.forwardsTo;
  if (to === undefined) return null;
  return (
    <p class="forwarding" role="note" aria-label="Forwarding">
      <span class="sign" aria-hidden="true">
        →
      </span>
      <span>
        <strong>Events are passed on</strong>: what is sent here also reaches <code>{to}</code>, and counts
        there.
      </span>
    </p>
  );
}
