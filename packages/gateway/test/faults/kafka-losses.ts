// SPDX-License-Identifier: Apache-2.0
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { FaultyEndpoint } from '../../../../test/chaos/faulty-endpoint.js';
import { Random } from '../../../../test/chaos/random.js';
import { KafkaChain } from './kafka-chain.js';
import type { LossCase, Stage } from './kafka-loss-cases.js';
import { ReceiptBook } from './receipt-book.js';
import { sendAll } from './repeating-sender.js';

export interface LossReport {
  readonly receipts: number;
  readonly lost: number;
  readonly violations: readonly string[];
}

const LIMIT_MILLIS = 5 * 60_000;
/** Longer than a Collector needs for anything: between two tries it pauses for up to 45 s. */
const QUIET_MILLIS = 60_000;
const POLL_MILLIS = 20;

/** @param asDeployed with the files of deploy/collector as they are: nothing is lost then */
export async function runLossCase(lossCase: LossCase, asDeployed: boolean): Promise<LossReport> {
  const folder = mkdtempSync(join(tmpdir(), 'kafka-losses-'));
  const book = new ReceiptBook();
  const endpoint = new FaultyEndpoint(book, new Random(1), [['hang', 1]]);
  const limit = AbortSignal.timeout(LIMIT_MILLIS);
  await endpoint.open();
  try {
    await using chain = await KafkaChain.start({
      folder,
      endpoint: endpoint.url,
      isHurried: true,
      settings: asDeployed ? { isReplicated: lossCase.settings.isReplicated ?? false } : lossCase.settings,
      absent: lossCase.absent,
    });
    await lossCase.play(makeStage(lossCase, chain, book, endpoint, limit));
    await settled(book, chain, limit);
  } finally {
    await endpoint.close();
    rmSync(folder, { recursive: true, force: true });
  }
  const { receipts, missing } = book.totals();
  return { receipts, lost: missing, violations: book.violations };
}

function makeStage(
  { kind = 'protobuf logs', events = 1_000, eventsPerRequest = 50 }: LossCase,
  chain: KafkaChain,
  book: ReceiptBook,
  endpoint: FaultyEndpoint,
  signal: AbortSignal,
): Stage {
  const sender = { kind, events, eventsPerRequest, requestsAtOnce: 4, poisonEvery: Number.POSITIVE_INFINITY };
  return {
    chain,
    send: (other = kind) =>
      sendAll(
        { ...sender, kind: other, ports: [chain.port], isGateway: false, book, signal },
        { counts: new Map() },
      ),
    async delivered() {
      while (book.ahead > 0 && !signal.aborted) await pause(POLL_MILLIS);
    },
    heal() {
      endpoint.healthy = true;
    },
    requestsToOptimizely: () => [...endpoint.outcomes.values()].reduce((sum, count) => sum + count, 0),
    answerInstead: (status, count) => answer(chain.gatewayPort, status, count, signal),
  };
}

async function answer(port: number, status: number, count: number, signal: AbortSignal): Promise<void> {
  let answers = 0;
  const server = createServer((request, response) => {
    request.resume().on('end', () => {
      response.writeHead(status).end();
      answers++;
    });
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  while (answers < count && !signal.aborted) await pause(POLL_MILLIS);
  const closed = once(server, 'close');
  server.close();
  server.closeIdleConnections();
  await closed;
}

/** Until all are counted, or Kafka is empty and none has come for long. */
async function settled(book: ReceiptBook, chain: KafkaChain, limit: AbortSignal): Promise<void> {
  let counted = -1;
  let since = performance.now();
  while (book.totals().missing > 0 && !limit.aborted) {
    if (book.counted !== counted) {
      counted = book.counted;
      since = performance.now();
    } else if (performance.now() - since > QUIET_MILLIS && (chain.lag() ?? 0) === 0) return;
    await pause(POLL_MILLIS);
  }
}
