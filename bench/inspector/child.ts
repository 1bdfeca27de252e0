// SPDX-License-Identifier: Apache-2.0
import { Inspection } from '../../packages/inspector/src/inspection/inspection.js';
import { readProject } from '../../packages/inspector/src/inspection/project.js';
import { startInspectServer } from '../../packages/inspector/src/server/inspect-server.js';
import { ServedFiles } from '../../packages/inspector/src/server/served-files.js';
import { send } from '../harness/child.js';
import { inspectorDatafile } from './traffic.js';

// The inspector in a process of its own, with room for any number of events. It tells its port, and for each message what
// it holds: bytes of memory after a collection, and bytes of bodies.
const project = readProject(JSON.stringify(inspectorDatafile()));
const inspection = new Inspection({
  maxEvents: 10_000_000,
  maxBytes: Number.MAX_SAFE_INTEGER,
  project: () => project,
});
const server = await startInspectServer({
  inspection,
  datafile: () => ({ state: 'none' }),
  port: 0,
  page: await ServedFiles.page(new URL('../../packages/inspector/dist/cli/page/', import.meta.url)),
});

function held() {
  global.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  let bodies = 0;
  for (const { byteLength } of inspection.log.newestFirst()) bodies += byteLength;
  return { bytes: heapUsed + external, bodies, events: inspection.log.eventCount };
}

await send(Number(new URL(server.url).port));
process.on('message', () => void send(held()));
process.on('disconnect', () => process.exit());
