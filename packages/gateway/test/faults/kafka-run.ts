// SPDX-License-Identifier: Apache-2.0
import { setTimeout as pause } from 'node:timers/promises';
import type { Random } from '../../../../test/chaos/random.js';
import {
  type Chain,
  type ChainPlan,
  type ChainReport,
  type ChainRunOptions,
  type EndSignal,
  runChain,
} from './chain-run.js';
import { KafkaChain, type Link } from './kafka-chain.js';

export interface KafkaRunOptions extends ChainRunOptions {
  readonly isHurried?: boolean;
  /**
   * The first Collector has no queue on disk, and answers when Kafka has confirmed. It is then killed while it starts, too,
   * which a queue on disk does not survive whole.
   */
  readonly waitsForKafka?: boolean;
}

/** A Collector commits once a second: it is killed while the gateway is away. */
const KILLS: ChainPlan<Link>['kills'] = [
  [['gateway', 'reader'], 'SIGKILL'],
  [['broker', 'agent'], 'SIGKILL'],
  [['agent'], 'SIGTERM'],
  [['gateway'], 'SIGTERM'],
  [['reader'], 'SIGTERM'],
  [['broker'], 'SIGTERM'],
];
/** As docs/gateway.md shows it. */
const WAIT_FOR_KAFKA = [
  'exporters::kafka::sending_queue::storage: null',
  'exporters::kafka::sending_queue::wait_for_result: true',
];

/** Two Collectors, Kafka between them and a gateway behind them, each killed and started again. */
export async function runKafka(options: KafkaRunOptions): Promise<ChainReport> {
  const { isHurried = false, waitsForKafka = false } = options;
  return runChain(options, {
    kills: KILLS,
    startChain: ({ folder, endpoint }) =>
      KafkaChain.start({
        folder,
        endpoint,
        isHurried,
        settings: waitsForKafka ? { agent: WAIT_FOR_KAFKA } : undefined,
      }),
    ...(waitsForKafka && { beforeStart: killAtStart }),
  });
}

async function killAtStart(
  chain: Chain<Link>,
  links: readonly Link[],
  signal: EndSignal,
  random: Random,
): Promise<void> {
  if (signal !== 'SIGKILL' || !links.includes('agent')) return;
  for (let kill = 0; kill < 5; kill++) {
    const starting = chain.start('agent').catch(() => {});
    await pause(random.between(50, 500));
    await chain.end('agent', 'SIGKILL');
    await starting;
  }
}
