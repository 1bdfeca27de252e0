// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { deriveEventUuid } from 'opentelemetry-exporter-optimizely/capture';
import { startLocalEventsEndpoint } from 'opentelemetry-exporter-optimizely/testing';
import { startGateway } from 'optimizely-event-gateway';
import { DATAFILE } from './senders/senders.js';
import { dotnetLogs } from './support/dotnet-otlp.js';

const TIME = 1_790_000_000_123_456_700n;
const USERS = 300;

const impression = (userId: string) => ({
  'event.name': 'optimizely.impression',
  'feature_flag.context.id': userId,
  'optimizely.user.attributes': '{"plan":"gold"}',
  'feature_flag.key': 'checkout_flow',
  'optimizely.rule.key': 'checkout_test',
  'feature_flag.result.variant': 'treatment',
});
const conversion = (userId: string) => ({
  'event.name': 'optimizely.conversion',
  'feature_flag.context.id': userId,
  'optimizely.user.attributes': '{"plan":"gold"}',
  'optimizely.event.key': 'purchase',
  'optimizely.event.tags': `{"revenue":4200,"note":"${'ä'.repeat(200)}"}`,
});

describe('what the exporter of OpenTelemetry .NET sends', () => {
  for (const attributeLengths of ['padded', 'compact'] as const) {
    it(`is delivered, each event once and with the uuid that is derived of it (${attributeLengths})`, async () => {
      await using endpoint = await startLocalEventsEndpoint({ datafile: readFileSync(DATAFILE, 'utf8') });
      await using gateway = await startGateway({
        datafile: DATAFILE,
        endpoint: endpoint.url,
        port: 0,
        logLevel: 'silent',
      });
      const records = Array.from({ length: USERS }, (_, n) => [
        { timeUnixNano: TIME, attributes: impression(`dotnet-${n}`) },
        { timeUnixNano: TIME + 1_000_000n, attributes: conversion(`dotnet-${n}`) },
      ]).flat();
      const answer = await fetch(`${gateway.url}/v1/logs`, {
        method: 'POST',
        headers: {
          'content-type': 'application/x-protobuf',
          'user-agent': 'OTel-OTLP-Exporter-Dotnet/1.20.1',
        },
        body: dotnetLogs(records, attributeLengths),
      });
      expect(answer.status).to.equal(200);
      expect((await answer.arrayBuffer()).byteLength, 'nothing is refused').to.equal(0);

      const events = endpoint.batches.flatMap(batch => batch.events);
      expect(events.flatMap(({ problems }) => problems)).to.deep.equal([]);
      expect(events.map(({ uuid }) => uuid)).to.have.members(
        records.map(({ timeUnixNano, attributes }) =>
          deriveEventUuid({ name: attributes['event.name'], attributes, time: timeUnixNano }),
        ),
      );
    });
  }
});
