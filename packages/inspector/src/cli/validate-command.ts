// SPDX-License-Identifier: Apache-2.0
import { readFile } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';
import { parseArgs } from 'node:util';
import { decodeText, MAX_BODY_BYTES, safeText } from 'opentelemetry-exporter-optimizely/testing';
import type { InspectedBatch, InspectedEvent } from '../inspection/inspected-batch.js';
import { Inspection } from '../inspection/inspection.js';
import { readPayloads } from '../inspection/read-payloads.js';
import { EVENTS_API_HOSTS, regionOf } from '../inspection/regions.js';
import { counted } from '../terminal/counted.js';
import { problemText } from '../terminal/event-lines.js';
import { viewProblems } from '../view/rows.js';
import { CommandError } from './command-error.js';
import { DatafileSource } from './datafile-source.js';
import type { Terminal } from './terminal.js';

/** @returns 1: problems were found. @throws CommandError called wrongly, or the file can't be read */
export async function validateCommand(args: string[], terminal: Terminal): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { datafile: { type: 'string' }, 'sdk-key': { type: 'string' } },
  });
  const [path, ...more] = positionals;
  if (path === undefined || more.length > 0)
    throw new CommandError('validate takes one file, or - for stdin', 2);
  const datafile = new DatafileSource({ datafile: values.datafile, sdkKey: values['sdk-key'] });
  await datafile.ready();
  await datafile.stop();
  if (values['sdk-key'] !== undefined && datafile.project === undefined) {
    throw new CommandError('the datafile could not be fetched', 1);
  }
  const content = await read(path);
  const limits = { maxEvents: Number.MAX_SAFE_INTEGER, maxBytes: Number.MAX_SAFE_INTEGER };
  const inspection = new Inspection({ ...limits, project: () => datafile.project, live: false });
  const exitCode = check(content, inspection, terminal);
  if (datafile.project === undefined) {
    const hint = 'no datafile, so ids were not looked up: --datafile FILE or --sdk-key KEY';
    terminal.out(terminal.style('yellow', hint));
  }
  return exitCode;
}

interface Finding {
  readonly place: string;
  readonly batch: InspectedBatch;
}

function check(content: string, inspection: Inspection, terminal: Terminal): number {
  const findings: Finding[] = [];
  let unusable = 0;
  for (const { place, params, url, body, reason } of readPayloads(content)) {
    if (params === undefined || body.length > MAX_BODY_BYTES) {
      unusable++;
      const why = reason ?? `it has ${body.length} bytes, and Optimizely takes ${MAX_BODY_BYTES}: split it`;
      terminal.out(`${place || 'the file'}: ${terminal.style('red', `✕ refused: ${why}`)}`);
      continue;
    }
    const astray = wrongRegion(url, inspection);
    if (astray !== undefined) {
      unusable++;
      terminal.out(`${place || 'the file'}: ${terminal.style('red', `✕ wrong_region: ${astray}`)}`);
    }
    const batch = inspection.receive({ params, body, now: Date.now() });
    inspection.accept(batch);
    findings.push({ place, batch });
  }
  if (findings.length + unusable === 0) throw new CommandError('there is no payload in it', 1);
  const events = findings.flatMap(({ batch }) => batch.events);
  // A file without any decision is not all that was sent, so it can't tell whose conversions lack one.
  const incomplete = !events.some(({ type }) => type === 'impression');
  let problems = unusable;
  for (const finding of findings) problems += report(finding, incomplete, terminal);
  const checked = `${counted(findings.length, 'payload')}, ${counted(events.length, 'event')}`;
  const summary = `${checked}: ${problems === 0 ? 'no problems' : counted(problems, 'problem')}`;
  terminal.out(terminal.style(problems === 0 ? 'green' : 'red', summary));
  return problems === 0 ? 0 : 1;
}

/** @returns what is wrong with the address of a LogEvent, undefined if nothing is */
function wrongRegion(url: string | undefined, { project }: Inspection): string | undefined {
  const [region, own] = [regionOf(url), project?.names.region];
  if (region === undefined || own === undefined || region === own) return undefined;
  return `it goes to ${EVENTS_API_HOSTS[region]}, but the datafile is of the region ${own}: send it to ${EVENTS_API_HOSTS[own]}`;
}

/** @returns how many problems it has */
function report({ place, batch }: Finding, incomplete: boolean, { out, style }: Terminal): number {
  let count = batch.problems.length;
  for (const problem of viewProblems(batch.problems)) {
    out(`${place || 'the payload'}: ${problemText(problem, style)}`);
  }
  for (const [index, event] of batch.events.entries()) {
    const where = `${place === '' ? '' : `${place}, `}event ${index + 1} (${nameOf(event)})`;
    for (const problem of viewProblems(event.problems)) {
      if (incomplete && problem.code === 'no_earlier_decision') {
        out(
          style(
            'dim',
            `${where}: counts only after a decision of its visitor; there is none in here to tell by`,
          ),
        );
        continue;
      }
      count++;
      out(`${where}: ${problemText(problem, style)}`);
    }
  }
  return count;
}

function nameOf({ type, key, ruleKey = '', experimentId = '' }: InspectedEvent): string {
  return safeText(type === 'conversion' ? key : `impression ${ruleKey || experimentId}`.trim());
}

async function read(path: string): Promise<string> {
  try {
    return decodeText(path === '-' ? await buffer(process.stdin) : await readFile(path));
  } catch (error) {
    throw new CommandError(
      `${path} can't be read (${(error as NodeJS.ErrnoException).code ?? 'unknown reason'})`,
      1,
    );
  }
}
