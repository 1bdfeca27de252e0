// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { expect } from 'chai';
import { POLLING_PROJECT_CONFIG_MANAGER } from '../src/datafile/polling-project-config-manager.js';
import { SPAN_PROCESSOR } from '../src/processor/processor-option-tables.js';
import type { OptionRow } from '../src/util/options/option-table.js';
import { typeErrors } from './docs/code-check.js';
import { type DocumentedOption, documentedOptions } from './docs/documented-options.js';
import {
  allPages,
  anchorOf,
  brokenLinks,
  codeBlocks,
  ROOT,
  readPage,
  type Section,
  sections,
  tableRows,
} from './docs/markdown.js';
import { OPTIONS_OWNERS, rowsOf } from './docs/option-tables.js';
import { patience } from './support/slowness.cjs';

const OPTIONS_PAGE = 'docs/options.md';

describe('the documentation', () => {
  it('has no link within the project that leads nowhere', () => {
    expect(brokenLinks(allPages())).to.deep.equal([]);
  });

  it('has no code that does not compile against the built package', () => {
    const pages = allPages().filter(page =>
      /^(README|CHANGELOG|docs\/[^/]+|packages\/[^/]+\/README)\.md$/.test(page),
    );
    // An excerpt is a part of an example, and held to that by the tests of examples. The README's are whole files: its own
    // tests compile and run them.
    const blocks = pages.flatMap(codeBlocks).filter(({ page, language, marks }) => {
      return ['ts', 'js'].includes(language) && !marks.includes('excerpt') && page !== 'README.md';
    });
    expect(blocks).to.have.length.above(7);
    expect(typeErrors(blocks)).to.deep.equal([]);
  }).timeout(patience(10_000));

  it('has a row with the right default for every option', () => {
    expect(optionProblems()).to.deep.equal([]);
  }).timeout(patience(10_000));

  it('has a table of rooms that is what the linter holds imports to', () => {
    const rows = tableRows(sections('docs/architecture.md').flatMap(({ lines }) => lines));
    const told = rows.flatMap(([room = '', , mayImport = '']) => {
      const name = /^`([\w/-]+)\/`$/.exec(room)?.[1];
      return name === undefined || mayImport === 'all' ? [] : [[name, allowed(mayImport)] as const];
    });
    const load = createRequire(import.meta.url) as (path: string) => Record<string, string[]>;
    const held = [
      ...Object.entries(load('../scripts/rooms.cjs')),
      ...Object.entries(load('../scripts/gateway-rooms.cjs')).map(
        ([room, names]) => [`gateway/${room}`, names] as const,
      ),
    ].map(([room, names]) => [room, [...names].sort()]);
    expect(Object.fromEntries(told)).to.deep.equal(Object.fromEntries(held));
  });

  it('has the default and the unit of every option that the option tables have', () => {
    const problems = OPTIONS_OWNERS.flatMap(({ name: owner, table }) => {
      const section = sections(OPTIONS_PAGE).find(({ heading }) => heading.split(', ').includes(owner));
      if (section === undefined) return [`no section ## ${owner}`];
      const shown = new Map(tableRows(section.lines).map(([name = '', ...cells]) => [plain(name), cells]));
      return rowsOf(table).flatMap(([name, row]) => {
        const [value = '', unit = ''] = shown.get(name) ?? [];
        if (!shown.has(name)) return [];
        const right = [unit === (row.unit ?? ''), !hasPlainDefault(row) || literal(value) === row.fallback];
        return right.includes(false) ? [`${owner}: ${name}`] : [];
      });
    });
    expect(problems).to.deep.equal([]);
  });

  it('names the environment variables that are read with their options, and no others', () => {
    const read = [SPAN_PROCESSOR, POLLING_PROJECT_CONFIG_MANAGER].flatMap(({ table }) => rowsOf(table));
    const section = sections(OPTIONS_PAGE).find(({ heading }) => heading === 'From the environment');
    const told = tableRows(section?.lines ?? []).flatMap(([variable = '', option = '']) => {
      const names = [variable, option].map(cell => /`([\w.]+)`/.exec(cell)?.[1]);
      return names[0]?.startsWith('OPTIMIZELY_') ? [names.join(' ')] : [];
    });
    const expected = read.flatMap(([name, { env }]) => (env === undefined ? [] : [`${env} ${name}`]));
    expect(told).to.have.members([...new Set(expected)]);
  });

  it('has a row for every drop reason, metric, problem, check and warning code, and for no others', () => {
    const member = /^ {2}\| '(\w+)'/gm;
    expect(namesInRows('docs/delivery.md', 'Why events are dropped')).to.have.members(
      namesInSource('src/model/drop-reason.ts', member),
    );
    const metrics = namesInRows('docs/metrics.md', 'The metrics').filter(name =>
      /^(optimizely|otel\.sdk)\./.test(name),
    );
    expect(metrics).to.have.members(namesInSource('src/metrics/metric-names.ts', /METRIC_\w+ = '([\w.]+)'/g));
    expect(namesInRows('docs/troubleshooting.md', 'Warnings of the process')).to.have.members(
      namesInSource('src/model/warning-code.ts', member),
    );
    expect(namesInRows('docs/inspector.md', 'Problems')).to.have.members([
      ...namesInSource('src/testing/checks/event-problem.ts', member),
      ...namesInSource('packages/inspector/src/inspection/problem.ts', member),
    ]);
    expect(namesInRows('docs/inspector.md', 'Why no results?')).to.deep.equal(
      namesInSource('packages/inspector/src/view/types/check.ts', member),
    );
  });

  it('is linked from its index, every page of it', () => {
    const index = readPage('docs/README.md');
    const pages = allPages().filter(page => /^docs\/(?!README)[^/]+\.md$/.test(page));
    for (const page of pages) expect(index).to.include(`](${page.slice('docs/'.length)})`);
  });
});

function hasPlainDefault({ kind }: OptionRow): boolean {
  return ['count', 'number', 'boolean', 'choice'].includes(kind);
}

/** The value of a cell's text as code. */
function literal(cell: string): unknown {
  const text = plain(cell);
  if (/^[\d_]+$/.test(text)) return Number(text.replaceAll('_', ''));
  if (text === 'true' || text === 'false') return text === 'true';
  return /^'(.*)'$/.exec(text)?.[1];
}

/** What stands as code in the first cell of each row. */
function namesInRows(page: string, heading: string): string[] {
  const rows = tableRows(sections(page).find(section => section.heading === heading)?.lines ?? []);
  return rows.flatMap(([first = '']) => [...first.matchAll(/`([\w.]+)`/g)].map(([, name = '']) => name));
}

function namesInSource(path: string, name: RegExp): string[] {
  return [...readFileSync(join(ROOT, path), 'utf8').matchAll(name)].map(([, found = '']) => found);
}

/** As the linter's configuration has it. */
function allowed(cell: string): string[] {
  const names = cell.replaceAll(/[`/]/g, '').toLowerCase().split(', ');
  return names.filter(name => name !== 'nothing').sort();
}

/** What the options page lacks, has too much, or says otherwise than the doc comments. */
function optionProblems(): string[] {
  const all = documentedOptions();
  const pageSections = new Map(
    sections(OPTIONS_PAGE).flatMap(section => section.heading.split(', ').map(name => [name, section])),
  );
  return [...all].flatMap(([owner, options]) => {
    const section = pageSections.get(owner);
    if (section === undefined) return [`no section ## ${owner}`];
    const rows = optionRows(section);
    const names = new Set(options.map(({ name }) => name));
    const invented = [...rows.keys()].filter(name => !names.has(name));
    const problems = options.flatMap(option => {
      const cell = rows.get(option.name);
      if (cell === undefined) {
        return referredTo(section, owner, option) ? [] : [`${owner}: no row for ${option.name}`];
      }
      return fits(option, plain(cell))
        ? []
        : [`${owner}: ${option.name} is not ${cell || 'without default'}`];
    });
    return [...invented.map(name => `${owner}: ${name} is no option`), ...problems];
  });

  /** Whether the section refers to another one that has the very same option. */
  function referredTo({ lines }: Section, owner: string, { declaration }: DocumentedOption): boolean {
    return [...all].some(([other, options]) => {
      const section = pageSections.get(other);
      if (!section || (other !== owner && !lines.join('\n').includes(`](#${anchorOf(other)})`))) return false;
      const rows = optionRows(section);
      return options.some(option => option.declaration === declaration && rows.has(option.name));
    });
  }
}

/** The cell of the default, by the option's name. */
function optionRows({ lines }: Section): Map<string, string> {
  const rows = tableRows(lines).filter(cells => cells.length === 4);
  return new Map(
    rows.flatMap(([name = '', value = '']) => {
      const option = /^`([\w.]+)`$/.exec(name)?.[1];
      return option === undefined ? [] : [[option, value] as const];
    }),
  );
}

function fits({ required, defaultText }: DocumentedOption, shown: string): boolean {
  if (defaultText !== undefined)
    return [plain(defaultText), plain(defaultText).split(/[;:]/)[0]].includes(shown);
  return required ? shown === 'required' : shown !== 'required';
}

function plain(text: string): string {
  return text.replaceAll('`', '').replaceAll(/\s+/g, ' ').trim();
}
