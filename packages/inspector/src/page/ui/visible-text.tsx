// SPDX-License-Identifier: Apache-2.0

interface VisibleTextProps {
  /** As the server writes it: what can't be seen stands as `⟨U+200B⟩`. */
  readonly text: string;
}

/** A text whose invisible characters are marked, so that two ids that only look alike differ. */
export function VisibleText({ text }: VisibleTextProps) {
  const parts = text.split(/(⟨U\+[0-9A-F]{2,6}⟩)/);
  return (
    <span class="visible-text">
      {parts.map((part, place) => (place % 2 === 0 ? part : <mark key={`${place}`}>{part}</mark>))}
    </span>
  );
}
