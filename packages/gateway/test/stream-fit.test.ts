// SPDX-License-Identifier: Apache-2.0
import { type ConsumerConfig, jetstreamManager, type StreamConfig } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { expect } from 'chai';
import { skip } from '../../../test/support/skip.js';
import { type ConsumerOptions, consumerMisfit, consumerSettings } from '../src/jetstream/consumer-fit.js';
import { resolveStreamOptions } from '../src/jetstream/jetstream-options.js';
import { describeOldServer } from '../src/jetstream/old-server.js';
import { openConsumer, openStream } from '../src/jetstream/open-stream.js';
import { streamMisfit, streamSettings } from '../src/jetstream/stream-fit.js';
import type { StreamOptions } from '../src/model/relay-options.js';
import { NATS_VERSION, NatsServer, NO_NATS } from './support/nats-server.js';

const CONSUMER: ConsumerOptions = {
  consumer: 'workers',
  subject: 'optimizely.events',
  ackWaitMillis: 30_000,
  isAckWaitGiven: false,
  maxAckPending: 50_000,
  maxMessages: 2_000,
  fetchMillis: 10_000,
};

describe('a stream that is there', () => {
  const misfit = (present: object, given: StreamOptions = {}) => {
    const options = resolveStreamOptions(given);
    return streamMisfit({ ...streamSettings(options), ...present } as Partial<StreamConfig>, options);
  };

  it('fits if it is as this package makes it, or has more room, time, subjects, or copies', () => {
    expect(misfit({})).to.equal(undefined);
    expect(misfit({ subjects: ['optimizely.>', 'else'] })).to.equal(undefined);
    expect(misfit({ subjects: ['*.events'] })).to.equal(undefined);
    expect(misfit({ max_msgs: 1_000, compression: 's2', deny_purge: true })).to.equal(undefined);
    const given = { maxAgeMillis: 60_000, maxBytes: 1_000, replicas: 3 };
    expect(misfit({ max_age: 61e9, max_bytes: 1_001, num_replicas: 5 }, given)).to.equal(undefined);
  });

  it('may have other limits than the defaults where none were asked for', () => {
    expect(misfit({ max_age: 1e9, max_bytes: 1_000, num_replicas: 1 })).to.equal(undefined);
  });

  for (const [present, sentence, given] of [
    [{ subjects: ['other'] }, 'subjects is other and must be with optimizely.events'],
    [{ subjects: ['optimizely'] }, 'subjects is optimizely and must be with optimizely.events'],
    [
      { subjects: ['optimizely.events.>'] },
      'subjects is optimizely.events.> and must be with optimizely.events',
    ],
    [{ retention: 'limits' }, 'retention is limits and must be workqueue'],
    [{ retention: 'interest' }, 'retention is interest and must be workqueue'],
    [{ storage: 'memory' }, 'storage is memory and must be file'],
    [{ discard: 'old' }, 'discard is old and must be new'],
    [{ max_age: 0 }, 'max_age is not set and must be a duration'],
    [{ max_bytes: -1 }, 'max_bytes is not set and must be a size'],
    [{ max_msg_size: 1_000 }, 'max_msg_size is 1000 and must be -1 or at least 65536'],
    [{ max_msgs_per_subject: 5 }, 'max_msgs_per_subject is 5 and must be -1'],
    [{ no_ack: true }, 'no_ack is true and must be false'],
    [{ sealed: true }, 'sealed is true and must be false'],
    [{ mirror: { name: 'other' } }, 'mirror is set and must be absent'],
    [{ subject_transform: { src: 'a', dest: 'b' } }, 'subject_transform is set and must be absent'],
    [{ persist_mode: 'async' }, 'persist_mode is async and must be default'],
    [{ max_age: 59e9 }, 'max_age is 59s and must be at least 60s (maxAgeMillis)', { maxAgeMillis: 60_000 }],
    [{ max_bytes: 999 }, 'max_bytes is 999 and must be at least 1000 (maxBytes)', { maxBytes: 1_000 }],
    [{ num_replicas: 1 }, 'num_replicas is 1 and must be at least 3 (replicas)', { replicas: 3 }],
  ] as [object, string, StreamOptions?][]) {
    it(`does not fit: ${sentence}`, () => {
      expect(misfit(present, given)).to.contain(`stream optimizely-events: ${sentence}`);
    });
  }

  it('is told of with all that does not fit', () => {
    expect(misfit({ retention: 'limits', discard: 'old' })).to.match(
      /retention is limits .*; discard is old, not new$/,
    );
  });
});

describe('a consumer that is there', () => {
  const misfit = (present: object, given: Partial<ConsumerOptions> = {}) => {
    const options = { ...CONSUMER, ...given };
    return consumerMisfit({ ...consumerSettings(options), ...present } as Partial<ConsumerConfig>, options);
  };

  it('fits if it is as this package makes it, or was made by hand without its limits', () => {
    expect(misfit({})).to.equal(undefined);
    expect(misfit({ filter_subject: undefined, max_ack_pending: -1, max_deliver: undefined })).to.equal(
      undefined,
    );
    expect(misfit({ filter_subject: 'optimizely.>' })).to.equal(undefined);
    expect(misfit({ filter_subject: undefined, filter_subjects: ['a', 'optimizely.*'] })).to.equal(undefined);
    expect(misfit({ ack_wait: 5e9 })).to.equal(undefined);
  });

  for (const [present, sentence, given] of [
    [{ deliver_subject: 'push' }, 'deliver_subject is push and must be absent'],
    [{ ack_policy: 'none' }, 'ack_policy is none and must be explicit'],
    [{ ack_policy: 'all' }, 'ack_policy is all and must be explicit'],
    [{ deliver_policy: 'new' }, 'deliver_policy is new and must be all'],
    [{ replay_policy: 'original' }, 'replay_policy is original and must be instant'],
    [{ max_deliver: 5 }, 'max_deliver is 5 and must be -1'],
    [{ backoff: [1e9] }, 'backoff is set and must be absent'],
    [{ headers_only: true }, 'headers_only is true and must be false'],
    [{ filter_subject: 'other' }, 'filter_subject is other and must be optimizely.events'],
    [
      { filter_subject: undefined, filter_subjects: ['a', 'b'] },
      'filter_subject is a, b and must be optimizely',
    ],
    [{ priority_policy: 'overflow' }, 'priority_policy is overflow and must be none'],
    [{ ack_wait: 5e8 }, 'ack_wait is 500ms and must be at least 1s'],
    [{ ack_wait: 60e9 }, 'ack_wait is 60s and must be 30s (ackWaitMillis)', { isAckWaitGiven: true }],
    [{ max_ack_pending: 100 }, 'max_ack_pending is 100 and must be -1 or at least 2000'],
    [{ max_batch: 10 }, 'max_batch is 10 and must be -1 or at least 2000'],
    [{ max_expires: 1e9 }, 'max_expires is 1s and must be -1 or at least 10s'],
  ] as [object, string, Partial<ConsumerOptions>?][]) {
    it(`does not fit: ${sentence}`, () => {
      expect(misfit(present, given)).to.contain(`consumer workers: ${sentence}`);
    });
  }
});

describe('a stream and a consumer that a server makes', () => {
  it('fit afterwards, and are never changed', async function () {
    if (NATS_VERSION === undefined) skip(this as never, NO_NATS);
    await using server = await NatsServer.start();
    const connection = await connect({ servers: server.url });
    const manager = await jetstreamManager(connection, { checkAPI: false });
    const options = resolveStreamOptions({ maxBytes: 1_000_000 });
    await openStream(manager, options);
    expect(await openConsumer(manager, options.stream, CONSUMER)).to.equal(30_000);
    const before = [
      (await manager.streams.info(options.stream)).config,
      (await manager.consumers.info(options.stream, 'workers')).config,
    ];
    // Two gateways that start together, one of which was told of other limits.
    await openStream(manager, resolveStreamOptions({}));
    await openConsumer(manager, options.stream, { ...CONSUMER, maxAckPending: 100_000 });
    const raised = await openStream(manager, resolveStreamOptions({ maxBytes: 2_000_000 })).catch(
      error => error,
    );
    expect(raised.message).to.contain('max_bytes is 1000000 and must be at least 2000000 (maxBytes)');
    expect([
      (await manager.streams.info(options.stream)).config,
      (await manager.consumers.info(options.stream, 'workers')).config,
    ]).to.deep.equal(before);
    await connection.close();
  });
});

describe('the version of a server', () => {
  for (const version of ['2.9.10', '2.9.25', '2.10.0', '2.10.16', '1.4.1']) {
    it(`${version} loses events of a stream with several copies`, () => {
      expect(describeOldServer(version, 1)).to.equal(undefined);
      expect(describeOldServer(version, 3))
        .to.include(`nats-server ${version}`)
        .and.include('3 copies')
        .and.include('use 2.10.17 or newer')
        .and.include('replicas: 1');
    });
  }

  for (const version of ['2.10.17', '2.10.29', '2.11.0', '2.15.3', '3.0.0', 'unknown'])
    it(`${version} has nothing against it`, () => expect(describeOldServer(version, 3)).to.equal(undefined));
});
