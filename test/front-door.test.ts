// SPDX-License-Identifier: Apache-2.0
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { parse } from 'yaml';
import { allPages, ROOT } from './docs/markdown.js';

const WORKFLOWS = '.github/workflows';

interface Workflow {
  readonly permissions?: object;
  readonly on: object;
  readonly jobs: Record<string, { permissions?: object; 'timeout-minutes'?: number; steps: Step[] }>;
}

interface Step {
  readonly uses?: string;
  readonly run?: string;
  readonly with?: Record<string, unknown>;
}

describe('the files that contributors and GitHub read', () => {
  it('name only npm scripts that package.json has', () => {
    const pages = allPages().filter(page => !/^(test|bench)\//.test(page));
    const files = [...pages, ...yamlFiles(), '.ci/run', '.ci/publish', '.ci/version'];
    const unknown = files.flatMap(file =>
      scriptsNamedIn(read(file))
        .filter(script => !scripts().has(script))
        .map(script => `${file}: npm run ${script}`),
    );
    expect(unknown).to.deep.equal([]);
  });

  it('name only files and folders that exist', () => {
    const named = [
      ...read('CONTRIBUTING.md').matchAll(/`((?:src|test|docs|packages|\.github|\.ci)\/[^`\s]*)`/g),
    ];
    const paths = named.map(([, path = '']) => path);
    expect(paths).to.have.length.above(20);
    expect(paths.filter(path => !existsSync(join(ROOT, path)))).to.deep.equal([]);
  });

  it('name only scripts of .ci that exist', () => {
    const named = yamlFiles().flatMap(file =>
      [...read(file).matchAll(/\bbash (\S+)/g)].map(([, path = '']) => path),
    );
    expect(named).to.include('.ci/run');
    expect(named.filter(path => !existsSync(join(ROOT, path)))).to.deep.equal([]);
  });

  it('are YAML, and each issue form has what GitHub asks for', () => {
    for (const file of yamlFiles()) expect(parse(read(file)), file).to.be.an('object');
    for (const form of ['bug', 'feature']) {
      const { name, description, body } = parse(read(`.github/ISSUE_TEMPLATE/${form}.yml`));
      expect([typeof name, typeof description, Array.isArray(body)]).to.deep.equal([
        'string',
        'string',
        true,
      ]);
    }
  });

  it('pin each action to a major version, bound each job, and grant no workflow more than it says', () => {
    for (const [file, { permissions, on, jobs }] of workflows()) {
      expect(permissions, `${file}: permissions`)
        .to.be.oneOf([undefined, permissions])
        .and.to.be.an('object');
      expect(on, file).not.to.have.property('pull_request_target');
      for (const [job, { steps, ...rest }] of Object.entries(jobs)) {
        expect(rest['timeout-minutes'], `${file}: ${job}`).to.be.a('number');
        for (const { uses } of steps) if (uses !== undefined) expect(uses).to.match(/^[\w-]+\/[\w-]+@v\d+$/);
      }
    }
  });

  it('let no job write that runs code of a pull request', () => {
    for (const [file, { permissions = {}, on, jobs }] of workflows()) {
      if (!('pull_request' in on)) continue;
      const granted = [permissions, ...Object.values(jobs).map(job => job.permissions ?? {})];
      expect(granted.flatMap(Object.values), file).not.to.include('write');
    }
  });

  it('develop with the oldest Node that is supported', () => {
    const { engines } = JSON.parse(read('package.json')) as { engines: { node: string } };
    expect(engines.node).to.match(new RegExp(`^>=${read('.nvmrc').trim()}\\.`));
  });
});

function read(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8');
}

function yamlFiles(): string[] {
  const files = readdirSync(join(ROOT, '.github'), { recursive: true, encoding: 'utf8' });
  return files.filter(file => file.endsWith('.yml')).map(file => `.github/${file}`);
}

function workflows(): [string, Workflow][] {
  const files = readdirSync(join(ROOT, WORKFLOWS));
  return files.map(file => [file, parse(read(`${WORKFLOWS}/${file}`)) as Workflow]);
}

/** By name; those of a workspace as `name -w folder`, as one writes them. */
function scripts(): Set<string> {
  const folders = existsSync(join(ROOT, 'packages')) ? readdirSync(join(ROOT, 'packages')) : [];
  const names = (path: string) =>
    Object.keys((JSON.parse(read(join(path, 'package.json'))) as { scripts?: object }).scripts ?? {});
  const inWorkspaces = folders.flatMap(folder =>
    names(`packages/${folder}`).map(name => `${name} -w packages/${folder}`),
  );
  return new Set([...names('.'), ...inWorkspaces]);
}

function scriptsNamedIn(text: string): string[] {
  const named = [...text.matchAll(/\bnpm run ([\w:-]+(?: -w \S+\w)?)/g)].map(([, script = '']) => script);
  return /\bnpm test\b/.test(text) ? [...named, 'test'] : named;
}
