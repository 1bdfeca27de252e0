// SPDX-License-Identifier: Apache-2.0
import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { useStore } from '../state/store.js';

interface SidePanelProps {
  /** What it is about: another one moves the focus here again. */
  readonly subject: string;
  readonly title: ComponentChildren;
  readonly children: ComponentChildren;
}

/** Lies beside or over the list. The focus goes into it, and back to where it came from. */
export function SidePanel({ subject, title, children }: SidePanelProps) {
  const store = useStore();
  const panel = useRef<HTMLElement>(null);
  useEffect(() => {
    const before = document.activeElement;
    return () => {
      const back =
        before instanceof HTMLElement && before.isConnected && before !== document.body ? before : undefined;
      (back ?? document.getElementById('grid'))?.focus();
    };
  }, []);
  // For each subject.
  useEffect(() => {
    panel.current?.scrollTo(0, 0);
    panel.current?.focus();
  }, [subject]);
  return (
    <aside id="detail" ref={panel} class="detail" aria-labelledby="detail-title" tabIndex={-1}>
      <div class="detail-head">
        <h2 id="detail-title">{title}</h2>
        <button type="button" class="quiet" onClick={() => store.close()}>
          Close
        </button>
      </div>
      {children}
    </aside>
  );
}
