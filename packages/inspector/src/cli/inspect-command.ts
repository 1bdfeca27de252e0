// SPDX-License-Identifier: Apache-2.0
import { parseArgs } from 'node:util';
import { EVENTS_PATH, safeText } from 'opentelemetry-exporter-optimizely/testing';
import type { InspectedBatch } from '../inspection/inspected-batch.js';
import { Inspection } from '../inspection/inspection.js';
import { type InspectServer, startInspectServer } from '../server/inspect-server.js';
import { SAMPLE_DATAFILE_PATH, SAMPLE_PROGRAM_PATH, ServedFiles } from '../server/served-files.js';
import { batchLine, eventLine } from '../terminal/event-lines.js';
import { summaryLines } from '../terminal/summary-lines.js';
import { batchRow, eventRow } from '../view/rows.js';
import { CommandError } from './command-error.js';
import { DatafileSource } from './datafile-source.js';
import { type Forwarder, makeForwarder } from './forwarder.js';
import { readCount } from './read-count.js';
import { SAMPLE_FOLDER } from './sample-folder.js';
import type { Terminal } from './terminal.js';

const KEPT_BYTES = 268_435_456;

/**
 * Runs until a signal asks it to end, or its reader has gone.
 *
 * @throws (rejects) CommandError if it is called wrongly, or the port is taken
 */
export async function inspectCommand(args: string[], terminal: Terminal, page: URL): Promise<number> {
  const { values } = parseArgs({
    args,
    options: {
      port: { type: 'string' },
      datafile: { type: 'string' },
      'sdk-key': { type: 'string' },
      sample: { type: 'boolean' },
      forward: { type: 'boolean' },
      'forward-to': { type: 'string' },
      'no-page': { type: 'boolean' },
      keep: { type: 'string' },
    },
  });
  const port = readCount('--port', values.port, 4319, { least: 0, most: 65_535 });
  const maxEvents = readCount('--keep', values.keep, 100_000, { least: 1, most: 10_000_000 });
  const { sample: isSample = false } = values;
  if (isSample && values.forward === true) {
    throw new CommandError(
      '--sample and --forward exclude each other: the sample project is not of Optimizely',
      2,
    );
  }
  const datafile = new DatafileSource({
    datafile: values.datafile,
    sdkKey: values['sdk-key'],
    sample: isSample,
  });
  datafile.watch(values.datafile);
  const inspection = new Inspection({ maxEvents, maxBytes: KEPT_BYTES, project: () => datafile.project });
  datafile.onChange(() => inspection.changed());
  const forwards = values.forward === true || values['forward-to'] !== undefined;
  const forwarder: Forwarder | undefined = forwards
    ? makeForwarder(values['forward-to'], () => datafile.project?.names.region ?? 'US')
    : undefined;
  const noPage = values['no-page'] === true;

  const server = await listen({
    inspection,
    port,
    datafile: () => datafile.state,
    page: noPage ? undefined : await ServedFiles.page(page),
    sample: isSample ? await ServedFiles.sample(SAMPLE_FOLDER) : undefined,
    forward: forwarder?.forward,
    forwardsTo: () => forwarder?.url(),
    onBatch: batch => {
      if (noPage) printBatch(batch, inspection, terminal);
    },
    onRefused: ({ status, message = '' }) => {
      if (noPage) terminal.out(terminal.style('red', `refused with ${status}: ${safeText(message)}`));
    },
  });
  greet(server, { noPage, forwarder, isSample, hasDatafile: datafile.state.state !== 'none' }, terminal);
  await Promise.race([signaled(), terminal.readerGone]);
  await server.close();
  await Promise.all([datafile.stop(), forwarder?.close()]);
  for (const line of summaryLines(inspection, terminal.style, forwarder?.url())) terminal.out(line);
  return 0;
}

async function listen(options: Parameters<typeof startInspectServer>[0]): Promise<InspectServer> {
  try {
    return await startInspectServer(options);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'EADDRINUSE' && code !== 'EACCES') throw error;
    const why = code === 'EADDRINUSE' ? 'is taken' : 'may not be used';
    throw new CommandError(`port ${options.port} ${why}: give another one with --port`, 1);
  }
}

interface Situation {
  readonly noPage: boolean;
  readonly forwarder: Forwarder | undefined;
  readonly isSample: boolean;
  readonly hasDatafile: boolean;
}

function greet(
  { url }: InspectServer,
  { noPage, forwarder, isSample, hasDatafile }: Situation,
  { out, style }: Terminal,
): void {
  if (!noPage) out(`Page      ${style('bold', url)}`);
  out(`Endpoint  OPTIMIZELY_EVENTS_ENDPOINT=${new URL(EVENTS_PATH, url)}`);
  if (!hasDatafile)
    out('Datafile  none, so ids are not looked up: --datafile FILE or --sdk-key KEY, or --sample to try it');
  if (isSample) {
    out(`Datafile  ${new URL(SAMPLE_DATAFILE_PATH, url)}`);
    out(`Program   ${new URL(SAMPLE_PROGRAM_PATH, url)} sends events of it: save it, and run it with node`);
  }
  if (forwarder !== undefined) out(style('yellow', `Forwards  to ${forwarder.url()}`));
  out('A batch leaves the application after 10 events or 30 seconds; batchSize: 1 sends each event at once.');
  out('Ctrl-C ends it with a summary.');
}

function printBatch(batch: InspectedBatch, { project }: Inspection, { out, style }: Terminal): void {
  out(batchLine(batchRow(batch, batch.events.length), style));
  for (const [index, event] of batch.events.entries()) {
    out(eventLine(eventRow(batch, event, index, project?.names), style));
  }
}

function signaled(): Promise<void> {
  return new Promise(resolve => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
  });
}
