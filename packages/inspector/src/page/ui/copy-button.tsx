// SPDX-License-Identifier: Apache-2.0
import { useEffect, useState } from 'preact/hooks';

interface CopyButtonProps {
  readonly label: string;
  /** What is copied, for those who hear the button's name without seeing what it stands beside. */
  readonly of?: string;
  readonly text: () => string | Promise<string>;
}

const SAID_MILLIS = 2_000;

/** Copies a text and says so. */
export function CopyButton({ label, of, text }: CopyButtonProps) {
  const [said, say] = useState('');
  useEffect(() => {
    if (said === '') return undefined;
    const timer = setTimeout(() => say(''), SAID_MILLIS);
    return () => clearTimeout(timer);
  }, [said]);
  const copy = () =>
    Promise.resolve(text())
      .then(ready => navigator.clipboard.writeText(ready))
      .then(
        () => say('Copied'),
        () => say('The browser refused: select it and copy'),
      );
  return (
    <button type="button" class="copy" onClick={copy}>
      <span aria-live="polite">{said || label}</span>
      {of !== undefined && <span class="unseen"> {of}</span>}
    </button>
  );
}
