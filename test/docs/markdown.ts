// SPDX-License-Identifier: Apache-2.0
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));

export interface CodeBlock {
  readonly page: string;
  /** Of its first line of code, from 1. */
  readonly line: number;
  /** The first word after the fence, and the others. */
  readonly language: string;
  readonly marks: readonly string[];
  readonly code: string;
}

const NOT_OURS = ['node_modules', 'dist', 'api-docs', '.git'];

/** Every page of the project, from its root. */
export function allPages(folder = ROOT): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap(entry => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return NOT_OURS.includes(entry.name) ? [] : allPages(path);
    return entry.name.endsWith('.md') ? [relative(ROOT, path)] : [];
  });
}

export function readPage(page: string): string {
  return readFileSync(join(ROOT, page), 'utf8');
}

export function codeBlocks(page: string): CodeBlock[] {
  const blocks: CodeBlock[] = [];
  let open: { language: string; marks: string[]; line: number; lines: string[] } | undefined;
  for (const [index, line] of readPage(page).split('\n').entries()) {
    const fence = /^ {0,3}```(.*)$/.exec(line);
    if (fence === null) {
      open?.lines.push(line);
    } else if (open === undefined) {
      const [language = '', ...marks] = (fence[1] ?? '').trim().split(/\s+/);
      open = { language, marks, line: index + 2, lines: [] };
    } else {
      const { language, marks, line, lines } = open;
      blocks.push({ page, line, language, marks, code: lines.join('\n') });
      open = undefined;
    }
  }
  return blocks;
}

/** The lines of a page that are not code. */
function prose(page: string): string[] {
  let inCode = false;
  return readPage(page)
    .split('\n')
    .filter(line => {
      const isFence = /^ {0,3}```/.test(line);
      if (isFence) inCode = !inCode;
      return !isFence && !inCode;
    });
}

export interface Section {
  readonly heading: string;
  readonly lines: readonly string[];
}

/** What stands under each heading of the second level, what is below it included. */
export function sections(page: string): Section[] {
  const found: { heading: string; lines: string[] }[] = [];
  for (const line of prose(page)) {
    const heading = /^## (.*)$/.exec(line)?.[1];
    if (heading !== undefined) found.push({ heading: heading.trim(), lines: [] });
    else found.at(-1)?.lines.push(line);
  }
  return found;
}

/** The cells of every row of every table, the heads included. */
export function tableRows(lines: readonly string[]): string[][] {
  return lines
    .filter(line => line.startsWith('|') && !/^[|\s:-]+$/.test(line))
    .map(line =>
      line
        .slice(1, line.lastIndexOf('|'))
        .split(/(?<!\\)\|/)
        .map(cell => cell.trim()),
    );
}

/** As GitHub makes an anchor of a heading. */
export function anchorOf(heading: string): string {
  const text = heading.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1').replaceAll(/[`*]/g, '');
  return text
    .trim()
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
    .replaceAll(/\s/g, '-');
}

function anchors(page: string): Set<string> {
  const known = new Set<string>();
  for (const line of prose(page)) {
    const heading = /^#{1,6} (.*)$/.exec(line)?.[1];
    if (heading === undefined) continue;
    const anchor = anchorOf(heading);
    let unique = anchor;
    for (let again = 1; known.has(unique); again++) unique = `${anchor}-${again}`;
    known.add(unique);
  }
  return known;
}

/** Links within the project that lead nowhere, as `page: link`. */
export function brokenLinks(pages: readonly string[]): string[] {
  const known = new Map(pages.map(page => [page, anchors(page)]));
  return pages.flatMap(page => {
    const text = prose(page)
      .join('\n')
      .replaceAll(/`[^`\n]*`/g, '');
    const links = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(match => match[1] ?? '');
    return links.filter(link => !leadsSomewhere(page, link, known)).map(link => `${page}: ${link}`);
  });
}

function leadsSomewhere(page: string, link: string, known: ReadonlyMap<string, Set<string>>): boolean {
  if (/^[a-z]+:/.test(link)) return true;
  const [path = '', anchor] = link.split('#');
  const target = path === '' ? page : relative(ROOT, resolve(ROOT, dirname(page), path));
  if (!existsSync(join(ROOT, target))) return false;
  return anchor === undefined || (known.get(target)?.has(anchor) ?? false);
}
