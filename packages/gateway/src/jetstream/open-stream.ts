// SPDX-License-Identifier: Apache-2.0
import { JetStreamApiCodes, JetStreamApiError, type JetStreamManager } from '@nats-io/jetstream';
import { type ConsumerOptions, consumerMisfit, consumerSettings } from './consumer-fit.js';
import { MisfitError } from './fit.js';
import type { ResolvedStreamOptions } from './jetstream-options.js';
import { streamMisfit, streamSettings } from './stream-fit.js';

export { MisfitError } from './fit.js';

/**
 * Makes the stream if there is none.
 *
 * @returns how many copies it has, and whether it was made here and now
 * @throws MisfitError if there is one that would lose events; NATS's errors otherwise
 */
export async function openStream(
  manager: JetStreamManager,
  options: ResolvedStreamOptions,
): Promise<{ readonly copies: number; readonly isNew: boolean }> {
  const present = await unlessAbsent(
    async () => (await manager.streams.info(options.stream)).config,
    JetStreamApiCodes.StreamNotFound,
  );
  const made = present === undefined ? await makeStream(manager, options) : undefined;
  const config = present ?? made ?? (await manager.streams.info(options.stream)).config;
  const misfit = streamMisfit(config, options);
  if (misfit !== undefined) throw new MisfitError(misfit);
  return { copies: config.num_replicas, isNew: made !== undefined };
}

/** @returns undefined if another one has made it meanwhile, with other limits perhaps: then that one counts */
async function makeStream(manager: JetStreamManager, options: ResolvedStreamOptions) {
  try {
    return (await manager.streams.add(streamSettings(options))).config;
  } catch (error) {
    if (!(error instanceof JetStreamApiError) || error.code !== NAME_IN_USE) throw error;
    return undefined;
  }
}

const NAME_IN_USE = 10_058;

/**
 * As `openStream`, for the consumer that all workers share.
 *
 * @returns its ack wait, milliseconds
 */
export async function openConsumer(
  manager: JetStreamManager,
  stream: string,
  options: ConsumerOptions,
): Promise<number> {
  const present = await unlessAbsent(
    async () => (await manager.consumers.info(stream, options.consumer)).config,
    JetStreamApiCodes.ConsumerNotFound,
  );
  const config = present ?? (await manager.consumers.add(stream, consumerSettings(options))).config;
  const misfit = consumerMisfit(config, options);
  if (misfit !== undefined) throw new MisfitError(misfit);
  return (config.ack_wait ?? 0) / 1_000_000;
}

async function unlessAbsent<T>(info: () => Promise<T>, absentCode: number): Promise<T | undefined> {
  try {
    return await info();
  } catch (error) {
    if (error instanceof JetStreamApiError && error.code === absentCode) return undefined;
    throw error;
  }
}
