// SPDX-License-Identifier: Apache-2.0
import { useEffect, useState } from 'preact/hooks';

const KEY = 'theme';
type Theme = 'light' | 'dark';

/** Light or dark: the system's choice until the reader makes another. */
export function ThemeButton() {
  const [theme, setTheme] = useState<Theme>(wantedTheme);
  useEffect(() => {
    const system = matchMedia('(prefers-color-scheme: dark)');
    const follow = () => setTheme(wantedTheme());
    system.addEventListener('change', follow);
    return () => system.removeEventListener('change', follow);
  }, []);
  useEffect(() => {
    document.documentElement.dataset.theme = theme;
  }, [theme]);
  const other = theme === 'dark' ? 'light' : 'dark';
  const toggle = () => {
    store(other);
    setTheme(other);
  };
  return (
    <button type="button" onClick={toggle}>
      {other === 'dark' ? 'Dark theme' : 'Light theme'}
    </button>
  );
}

function wantedTheme(): Theme {
  const chosen = stored();
  if (chosen === 'light' || chosen === 'dark') return chosen;
  return matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light';
}

/** A browser may refuse to store anything: then the choice lasts as long as the page. */
function store(theme: Theme): void {
  try {
    localStorage.setItem(KEY, theme);
  } catch {}
}

function stored(): string | null {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null;
  }
}
