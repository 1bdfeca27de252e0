// SPDX-License-Identifier: Apache-2.0
import type { DoorAnswer } from '../model/door.js';
import type { NotReadyReason, ProjectState } from '../model/engine.js';

/** Liveness: the process answers. */
export function answerHealth(): DoorAnswer {
  return json(200, { status: 'alive' });
}

/**
 * Readiness. One project that takes no events does not make the gateway unready for the others: a balancer would take
 * it away from all of them, and the receipts of that project are 503 in any case.
 */
export function answerReadiness(projects: readonly ProjectState[], isDraining: boolean): DoorAnswer {
  const isReady = !isDraining && projects.some(({ notReady }) => notReady === undefined);
  return json(isReady ? 200 : 503, {
    status: isDraining ? 'draining' : isReady ? 'ready' : 'not ready',
    projects: Object.fromEntries(projects.map(project => [project.name, describe(project)])),
  });
}

function describe({ notReady, revision }: ProjectState): object {
  return {
    status: notReady === undefined ? 'ready' : 'not ready',
    ...(notReady !== undefined && { reason: notReady, message: MESSAGES[notReady] }),
    ...(revision !== undefined && { datafileRevision: revision }),
  };
}

const MESSAGES: Readonly<Record<NotReadyReason, string>> = {
  no_datafile: 'there is no datafile yet: check the SDK key, the access token, or the file',
  stream_unusable: 'NATS cannot be reached or its stream does not fit: see the log',
  store_unusable: 'the event store cannot be written: check the directory, its owner and the disk',
};

/** Not to be kept by what is between. */
export function json(status: number, content: object): DoorAnswer {
  return {
    status,
    headers: { 'content-type': 'application/json', 'cache-control': 'no-store' },
    body: `${JSON.stringify(content)}\n`,
  };
}
