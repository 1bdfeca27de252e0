// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { NO_EARLIER_DECISION, startLocalEventsEndpoint } from 'opentelemetry-exporter-optimizely/testing';
import { type Gateway, startGateway } from 'optimizely-event-gateway';
import { skip } from '../../../test/support/skip.js';
import { DATAFILE, OPENTELEMETRY_SENDERS, OPTIMIZELY_SENDERS, runSender } from './senders/senders.js';
import type { Tool } from './senders/toolbox.js';
import { sentVisitors, startCaptureServer } from './support/capture-server.js';

const USERS = 20;
const EVENTS_AN_SDK = 1_000;

const needs = (context: Mocha.Context, tool: Tool | undefined) => {
  if (tool?.isInstalled === false)
    skip(context, `install it with \`npm run senders:install -- ${tool.name}\``);
};
const gatewayTo = (endpoint: string): Promise<Gateway> =>
  startGateway({ datafile: DATAFILE, endpoint, port: 0, logLevel: 'silent' });

describe('the gateway and OpenTelemetry SDKs', () => {
  for (const sender of OPENTELEMETRY_SENDERS) {
    it(`delivers each event once that the ${sender.title} sends, as span event and as log record`, async function () {
      needs(this, sender.tool);
      await using endpoint = await startLocalEventsEndpoint({ datafile: readFileSync(DATAFILE, 'utf8') });
      await using gateway = await gatewayTo(endpoint.url);
      await runSender(sender, [String(USERS)], { OTEL_EXPORTER_OTLP_ENDPOINT: gateway.url });

      const events = endpoint.batches.flatMap(({ events }) => events);
      // The programs record both in one millisecond, which Optimizely can't put in order.
      const problems = events.flatMap(({ problems }) =>
        problems.filter(({ code }) => code !== NO_EARLIER_DECISION.code),
      );
      expect(problems).to.deep.equal([]);
      const seen = endpoint.batches
        .flatMap(({ params }) => params.visitors)
        .map(visitor => ({
          user: visitor.visitor_id,
          attributes: visitor.attributes.filter(({ key }) => key === 'plan').map(({ value }) => value),
          decisions: visitor.snapshots[0]?.decisions?.map(decision => decision.variation_id),
          tags: visitor.snapshots[0]?.events[0]?.tags,
          revenue: visitor.snapshots[0]?.events[0]?.revenue,
        }));
      const expected = ['log', 'span'].flatMap(shape =>
        Array.from({ length: USERS }, (_, n) => {
          const user = `${sender.language}-${shape}-${n}`;
          const revenue = 4200 + n;
          return [
            { user, attributes: ['gold'], decisions: ['70000000002'], tags: undefined, revenue: undefined },
            {
              user,
              attributes: ['gold'],
              decisions: undefined,
              tags: { revenue, value: 1.5, sku: 'ä' },
              revenue,
            },
          ];
        }).flat(),
      );
      expect(seen).to.have.deep.members(expected);
    });
  }
});

describe("the gateway and Optimizely's SDKs", () => {
  for (const sender of OPTIMIZELY_SENDERS) {
    it(`delivers what the ${sender.title} sends as if it had sent it itself: ${EVENTS_AN_SDK} events`, async function () {
      needs(this, sender.tool);
      await using direct = await startCaptureServer();
      await using behind = await startCaptureServer();
      await using gateway = await gatewayTo(behind.url);
      await runSender(sender, [DATAFILE, String(EVENTS_AN_SDK), direct.url, `${gateway.url}/v1/events`]);

      const sent = sentVisitors(direct.bodies);
      expect(sent).to.have.length(EVENTS_AN_SDK);
      expect(sentVisitors(behind.bodies)).to.deep.equal(sent);
    });
  }
});
