// SPDX-License-Identifier: Apache-2.0
//
// The platform's side within the frozen process: calls the function, and says when it is done. Nothing to copy.
import type { LedgerSnapshot, OptimizelySpanProcessor } from 'opentelemetry-exporter-optimizely';
import type { PageRequest } from './pages.js';
import type { InvocationContext } from './wait-until.js';

/** What an instance tells the platform. Each has the processor's ledger of that moment. */
export interface Report {
  readonly what: 'ready' | 'answered' | 'done';
  readonly ledger: LedgerSnapshot;
}

interface Deployed {
  readonly optimizely: OptimizelySpanProcessor;
  readonly invoke: (request: PageRequest, context: InvocationContext) => Promise<unknown>;
}

const functions: Record<string, () => Promise<Deployed>> = {
  async lambda() {
    const { handler, optimizely } = await import('./lambda.js');
    return { optimizely, invoke: handler };
  },
  async 'wait-until'() {
    const { default: worker, optimizely } = await import('./wait-until.js');
    const invoke = ({ path, visitorId }: PageRequest, context: InvocationContext) =>
      worker.fetch(new Request(`http://shop${path}?visitor=${visitorId}`), {}, context);
    return { optimizely, invoke };
  },
};

const deployed = await functions[process.argv[2] ?? '']?.();
if (deployed === undefined) throw new Error('start me with: npm run example:serverless');
const { optimizely, invoke } = deployed;

const tell = (what: Report['what']) => process.send?.({ what, ledger: optimizely.ledger() } satisfies Report);

process.on('message', async (request: PageRequest) => {
  const waited: Promise<unknown>[] = [];
  await invoke(request, { waitUntil: promise => waited.push(promise) });
  tell('answered');
  await Promise.allSettled(waited);
  tell('done');
});
tell('ready');
