// SPDX-License-Identifier: Apache-2.0
import { useEffect, useState } from 'preact/hooks';
import type { Overview } from '../../view/types.js';
import { useStore } from '../state/store.js';
import { count, counted } from '../ui/format.js';

const ANNOUNCED_MILLIS = 5_000;

/** Tells a screen reader now and then how much has come. */
export function Announcer() {
  const { overview } = useStore();
  const [said, say] = useState('');
  useEffect(() => {
    const timer = setInterval(() => say(wordsOf(overview.peek())), ANNOUNCED_MILLIS);
    return () => clearInterval(timer);
  }, [overview]);
  return (
    <p class="unseen" role="status" aria-live="polite" aria-label="Events so far">
      {said}
    </p>
  );
}

function wordsOf(overview: Overview | undefined): string {
  if (overview === undefined || overview.impressions + overview.conversions === 0) return '';
  return `${counted(overview.impressions + overview.conversions, 'event')}, ${count(overview.lost)} not counted`;
}
