// SPDX-License-Identifier: Apache-2.0
import { setTimeout as pause } from 'node:timers/promises';
import type { ChainSettings, KafkaChain, Link } from './kafka-chain.js';
import type { SenderKind } from './sent-request.js';

/** A setting that loses events, and the mishap with which it does. */
export interface LossCase {
  /** As docs/gateway.md names it. */
  readonly setting: string;
  readonly settings: ChainSettings;
  readonly kind?: SenderKind;
  /** @default 1,000 */
  readonly events?: number;
  /** @default 50 */
  readonly eventsPerRequest?: number;
  /** Not started at first. */
  readonly absent?: Link;
  play(stage: Stage): Promise<void>;
}

/** What a case can do. */
export interface Stage {
  readonly chain: KafkaChain;
  /** Sends the events, until each has the first Collector's receipt. */
  send(kind?: SenderKind): Promise<void>;
  /** All that was sent is counted. */
  delivered(): Promise<void>;
  /** Optimizely answers, and not before. */
  heal(): void;
  requestsToOptimizely(): number;
  /** Resolves when a server in place of the gateway has given this answer so often, and is gone. */
  answerInstead(status: number, count: number): Promise<void>;
}

/** A Collector commits once a second; and gives up after the two seconds that the cases set. */
const LONG_ENOUGH_MILLIS = 15_000;
/** And not so long that a broker is taken for lost, which has 9 s to report. */
const LONG_ENOUGH_TO_PRODUCE_MILLIS = 3_000;
const SHORT_TRIES = '{initial_interval: 500ms, max_interval: 1s, max_elapsed_time: 2s}';
const EXPERIMENT_FILTERS = 'filter/experiment-events, filter/spans-with-events';

async function killWhileTheyWait({ chain, send, heal, requestsToOptimizely }: Stage): Promise<void> {
  await send();
  while (requestsToOptimizely() === 0) await pause(20);
  await pause(LONG_ENOUGH_MILLIS);
  await chain.end('reader', 'SIGKILL');
  await chain.end('gateway', 'SIGKILL');
  heal();
  await chain.start('gateway');
  await chain.start('reader');
}

export const LOSS_CASES: readonly LossCase[] = [
  {
    setting: '`sending_queue::storage` not set',
    settings: { agent: ['exporters::kafka::sending_queue::storage: null'] },
    async play({ chain, send, heal }) {
      heal();
      await chain.end('broker', 'SIGKILL');
      await send();
      await chain.end('agent', 'SIGKILL');
      await chain.start('broker');
      await chain.start('agent');
    },
  },
  {
    setting: '`retry_on_failure::max_elapsed_time: 2s`',
    settings: { agent: [`exporters::kafka::retry_on_failure: ${SHORT_TRIES}`] },
    async play({ chain, send, heal }) {
      heal();
      await chain.end('broker', 'SIGKILL');
      await send();
      await pause(LONG_ENOUGH_MILLIS);
      await chain.start('broker');
    },
  },
  {
    setting: '`required_acks: 1`',
    settings: { agent: ['exporters::kafka::producer::required_acks: 1'], isReplicated: true },
    async play({ chain, send, delivered, heal }) {
      heal();
      // The Collector has to know who leads: the other broker can't tell it while it stands still.
      await send('JSON logs');
      await delivered();
      chain.follower.freeze();
      await send();
      await pause(LONG_ENOUGH_TO_PRODUCE_MILLIS);
      await chain.leader?.end('SIGKILL');
      chain.follower.thaw();
      await pause(LONG_ENOUGH_MILLIS);
      await chain.leader?.start();
    },
  },
  {
    setting: '`sending_queue::batch::max_size` not set',
    settings: { agent: ['exporters::kafka::sending_queue::batch::max_size: 0'] },
    events: 6_000,
    eventsPerRequest: 6_000,
    async play({ send, heal }) {
      heal();
      await send();
    },
  },
  {
    setting: '`tail_sampling` in front of the branch',
    settings: {
      agent: [
        'processors::tail_sampling: {decision_wait: 1s, policies: [{name: tenth, type: probabilistic, probabilistic: {sampling_percentage: 10}}]}',
        `service::pipelines::traces/experiments::processors: [tail_sampling, ${EXPERIMENT_FILTERS}]`,
      ],
    },
    kind: 'protobuf spans',
    async play({ send, heal }) {
      heal();
      await send();
    },
  },
  {
    setting: '`initial_offset: latest`',
    settings: { reader: ['receivers::kafka::initial_offset: latest'] },
    absent: 'reader',
    async play({ chain, send, heal }) {
      heal();
      await send();
      await pause(LONG_ENOUGH_MILLIS);
      await chain.start('reader');
    },
  },
  {
    setting: '`message_marking::after: false`',
    settings: { reader: ['receivers::kafka::message_marking::after: false'] },
    play: killWhileTheyWait,
  },
  {
    setting: '`sending_queue::enabled: true`',
    settings: { reader: ['exporters::otlphttp::sending_queue::enabled: true'] },
    play: killWhileTheyWait,
  },
  {
    setting: '`message_marking::on_error: true`, `max_elapsed_time: 2s`',
    settings: {
      reader: [
        `exporters::otlphttp::retry_on_failure: ${SHORT_TRIES}`,
        'receivers::kafka::error_backoff::enabled: false',
        'receivers::kafka::message_marking::on_error: true',
      ],
    },
    async play({ chain, send, heal }) {
      heal();
      await chain.end('gateway', 'SIGTERM');
      await send();
      await pause(LONG_ENOUGH_MILLIS);
      await chain.start('gateway');
    },
  },
  {
    setting: '`message_marking::on_permanent_error: true`',
    settings: { reader: ['receivers::kafka::message_marking::on_permanent_error: true'] },
    async play({ chain, send, heal, answerInstead }) {
      heal();
      await chain.end('gateway', 'SIGTERM');
      const refusals = answerInstead(401, 2);
      await send();
      await refusals;
      await pause(LONG_ENOUGH_MILLIS);
      await chain.start('gateway');
      // As deployed, the partitions of what was refused are read again after a restart.
      await chain.end('reader', 'SIGTERM');
      await chain.start('reader');
    },
  },
];
