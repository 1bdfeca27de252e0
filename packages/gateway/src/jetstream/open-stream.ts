// SPDX-License-Identifier: Apache-2.0
import {
  type ConsumerConfig,
  JetStreamApiCodes,
  JetStreamApiError,
  type JetStreamManager,
  type StreamConfig,
} from '@nats-io/jetstream';
import type { ResolvedStreamOptions } from './jetstream-options.js';
import {
  type ConsumerOptions,
  consumerMisfit,
  consumerSettings,
  streamMisfit,
  streamSettings,
} from './stream-fit.js';

/** What is there does not fit, and is not ours to change. */
export class MisfitError extends Error {
  override readonly name = 'MisfitError';
}

/**
 * Makes the stream if there is none.
 *
 * @throws MisfitError if there is one that would lose events; NATS's errors otherwise
 */
export async function openStream(manager: JetStreamManager, options: ResolvedStreamOptions): Promise<void> {
  const present = await unlessAbsent(
    async () => (await manager.streams.info(options.stream)).config,
    JetStreamApiCodes.StreamNotFound,
  );
  // Two that make it at once make the same one; NATS answers both.
  const config: StreamConfig = present ?? (await manager.streams.add(streamSettings(options))).config;
  const misfit = streamMisfit(config, options);
  if (misfit !== undefined) throw new MisfitError(misfit);
}

/** As `openStream`, for the consumer that all workers share. */
export async function openConsumer(
  manager: JetStreamManager,
  stream: string,
  options: ConsumerOptions,
): Promise<void> {
  const present = await unlessAbsent(
    async () => (await manager.consumers.info(stream, options.consumer)).config,
    JetStreamApiCodes.ConsumerNotFound,
  );
  const config: ConsumerConfig =
    present ?? (await manager.consumers.add(stream, consumerSettings(options))).config;
  const misfit = consumerMisfit(config, options);
  if (misfit !== undefined) throw new MisfitError(misfit);
}

async function unlessAbsent<T>(info: () => Promise<T>, absentCode: number): Promise<T | undefined> {
  try {
    return await info();
  } catch (error) {
    if (error instanceof JetStreamApiError && error.code === absentCode) return undefined;
    throw error;
  }
}
