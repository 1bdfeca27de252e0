// SPDX-License-Identifier: Apache-2.0
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { Child, killLeftovers } from '../support/child.js';
import { makeDatafile } from '../support/datafile.js';
import { answer, startServer } from '../support/hostile-server.js';

const SCRIPT = fileURLToPath(new URL('./defaults.mjs', import.meta.url));
const CONVERSION = { userId: 'visitor-1', eventKey: 'purchase', attributes: { plan: 'secret' } };
const IMPRESSION = {
  userId: 'visitor-1',
  flagKey: 'checkout',
  ruleKey: 'checkout_test',
  variationKey: 'control',
};
/** Nothing listens there. */
const NOWHERE = 'http://127.0.0.1:9/v1/events';
const PREFIX = 'opentelemetry-exporter-optimizely: ';

/** The lines that a script with default settings leaves on stderr, without Node's own. */
async function stderrOf(wanted: object, env: Record<string, string> = {}): Promise<string[]> {
  const child = new Child(process.execPath, [SCRIPT, JSON.stringify(wanted)], env);
  expect((await child.ended).code, child.stderr).to.equal(0);
  expect(child.stderr).not.to.include('visitor-1').and.not.to.include('secret');
  const lines = child.stderr
    .split('\n')
    .filter(line => line !== '' && !line.startsWith('(Use `node --trace-warnings'));
  return lines.map(line =>
    line
      .replace(/^\(node:\d+\) /, '')
      .replace('OptimizelyWarning: ', '')
      .replace(PREFIX, ''),
  );
}

describe('with default settings and no logger', () => {
  afterEach(killLeftovers);

  const datafile = makeDatafile();
  const cases: { what: string; wanted: object; says: RegExp }[] = [
    {
      what: 'a path in place of the datafile',
      wanted: { options: { datafile: './datafile.json' } },
      says: /^\[OPTIMIZELY_BAD_DATAFILE\] the datafile is not valid JSON: give its text, not where it lies; /,
    },
    {
      what: 'half a datafile',
      wanted: { options: { datafile: { version: '4', accountId: '1' } } },
      says: /^\[OPTIMIZELY_BAD_DATAFILE\] the datafile's projectId must be a string; /,
    },
    {
      what: 'a wrong event key',
      wanted: { options: { datafile }, conversion: { ...CONVERSION, eventKey: 'purchse' } },
      says: /^\[OPTIMIZELY_EVENTS_DROPPED\] conversion dropped: event key "purchse" is not in datafile revision 7$/,
    },
    {
      what: 'a wrong flag key',
      wanted: { options: { datafile }, impression: { ...IMPRESSION, flagKey: 'chekout', ruleKey: '' } },
      says: /^\[OPTIMIZELY_EVENTS_DROPPED\] impression dropped: .*"chekout" is not in datafile revision 7$/,
    },
    {
      what: 'a wrong rule key',
      wanted: { options: { datafile }, impression: { ...IMPRESSION, ruleKey: 'chekout_test' } },
      says: /^\[OPTIMIZELY_EVENTS_DROPPED\] impression dropped: rule key "chekout_test" of flag key "checkout" is not /,
    },
    {
      what: 'a wrong type',
      wanted: { options: { datafile }, conversion: { userId: 7, eventKey: 'purchase' } },
      says: /^\[OPTIMIZELY_EVENTS_DROPPED\] conversion refused: userId must be a string/,
    },
    {
      what: 'a beforeSend that throws',
      wanted: { options: { datafile }, throws: true, conversion: CONVERSION },
      says: /^\[OPTIMIZELY_EVENTS_DROPPED\] events are dropped: beforeSend threw SyntaxError$/,
    },
    {
      what: 'a notification that there is not',
      wanted: { options: { datafile }, listensTo: 'EVENT_DROPPED' },
      says: /^\[OPTIMIZELY_BAD_OPTION\] NotificationCenter did not add a notification listener: its type must be one of .*EVENTS_DROPPED/,
    },
    {
      what: 'no processor',
      wanted: { processor: 'none', conversion: CONVERSION },
      says: /^\[OPTIMIZELY_NO_PROCESSOR\] no OptimizelySpanProcessor is installed, .*; create one before/,
    },
  ];
  for (const { what, wanted, says } of cases) {
    it(`says one thing that names what is wrong: ${what}`, async () => {
      const lines = await stderrOf(wanted);
      expect(lines).to.have.length(1);
      expect(lines[0]).to.match(says);
    });
  }

  const failing = {
    options: { datafile, timeoutIntervalMillis: 200 },
    conversion: CONVERSION,
    flushes: true,
  };

  it('names an endpoint that is not there, of the option and of the variable, at the first failure', async () => {
    const says =
      /^\[OPTIMIZELY_DELIVERY_FAILING\] delivery to Optimizely fails: Error ECONNREFUSED at http:\/\/127.0.0.1:9\/v1\/events; /;
    const inVariable = await stderrOf(failing, { OPTIMIZELY_EVENTS_ENDPOINT: NOWHERE });
    const inOption = await stderrOf({ ...failing, options: { ...failing.options, endpoint: NOWHERE } });
    for (const [failure = '', atExit = '', ...more] of [inVariable, inOption]) {
      expect(failure).to.match(says);
      expect(atExit).to.match(/LOST_AT_EXIT\] experiment events lost, .*: 3; /);
      expect(more).to.deep.equal([]);
    }
  });

  it('names the proxy that requests go through, without its credentials', async () => {
    const wanted = { ...failing, options: { ...failing.options, endpoint: 'http://events.test/v1/events' } };
    const [failure] = await stderrOf(wanted, { HTTP_PROXY: 'http://user:secret@127.0.0.1:9' });
    expect(failure).to.match(
      /DELIVERY_FAILING\] delivery to Optimizely fails: Error ECONNREFUSED at http:\/\/events.test\/v1\/events through the proxy 127.0.0.1:9 of HTTP_PROXY; /,
    );
    const [direct] = await stderrOf(
      { ...failing, options: { ...failing.options, endpoint: NOWHERE } },
      { HTTP_PROXY: 'http://user:secret@127.0.0.1:9', NO_PROXY: '127.0.0.1' },
    );
    expect(direct).to.include('at http://127.0.0.1:9/v1/events; ');
  });

  it('counts all that a shutdown loses, however many batches they are in', async () => {
    const wanted = {
      options: { datafile, timeoutIntervalMillis: 200, batchSize: 1, endpoint: NOWHERE },
      conversion: CONVERSION,
      shutsDown: true,
    };
    // Before it the first failure, where the machine had time for one.
    expect((await stderrOf(wanted)).slice(-1)).to.deep.equal([
      '[OPTIMIZELY_EVENTS_DROPPED] experiment events were dropped (shutdown_timeout): 3; raise timeoutIntervalMillis, or give OptimizelySpanProcessor an eventStore',
    ]);
  });

  it('names a variation key that the datafile does not have, once', async () => {
    const wanted = { options: { datafile }, impression: { ...IMPRESSION, variationKey: 'contrl' } };
    const [doubt, ...more] = await stderrOf(wanted);
    expect(doubt).to.match(
      /^\[OPTIMIZELY_DOUBTFUL_EVENT\] impression is sent with a null variation id: variation key "contrl" of rule key "checkout_test" is not in datafile revision 7$/,
    );
    expect(more.join('\n')).to.match(/^\[OPTIMIZELY_EVENTS_LOST_AT_EXIT\] [^\n]*$/);
  });

  it('says that log records need a processor of their own', async () => {
    const wanted = { options: { datafile, emitAs: 'log-record' }, impression: IMPRESSION };
    const [option, ...more] = await stderrOf(wanted);
    expect(option).to.match(
      /^\[OPTIMIZELY_BAD_OPTION\] emitAs 'log-record' and 'both' need an OptimizelyLogRecordProcessor, /,
    );
    expect(more.join('\n')).to.match(/^\[OPTIMIZELY_EVENTS_LOST_AT_EXIT\] [^\n]*$/);
  });

  it('names an endpoint whose path is wrong, and what its answer was', async () => {
    const server = await startServer(() => answer(404));
    const [failure = '', ...more] = await stderrOf(failing, {
      OPTIMIZELY_EVENTS_ENDPOINT: `${server.origin}/events`,
    });
    expect(failure).to.match(
      /DELIVERY_FAILING\] delivery to Optimizely .*status 404 at http:\/\/127.0.0.1:\d+\/events; /,
    );
    expect(more).to.have.length(1);
    await server.close();
  });

  it('names an SDK key that the CDN does not know, at once', async () => {
    const server = await startServer(() => answer(403));
    const wanted = { sdkKey: 'no-such-key', urlTemplate: `${server.origin}/%s.json`, flushes: true };
    const lines = await stderrOf({
      ...wanted,
      options: { timeoutIntervalMillis: 2_000 },
      conversion: CONVERSION,
    });
    expect(lines[0]).to.match(
      /^\[OPTIMIZELY_NO_DATAFILE\] the datafile of sdkKey "no-such-key" could not be fetched: status 403 at http:\/\/127.0.0.1:\d+\/no-such-key.json, see that the SDK key /,
    );
    expect(lines.slice(1).join('\n')).to.match(/^\[OPTIMIZELY_EVENTS_LOST_AT_EXIT\] .*: 3; [^\n]*$/);
    await server.close();
  });

  for (const exits of [true, false]) {
    it(`counts what is lost where a script ${exits ? 'calls process.exit()' : 'just ends'}`, async () => {
      const lines = await stderrOf({
        options: { datafile },
        impression: IMPRESSION,
        conversion: CONVERSION,
        exits,
      });
      expect(lines).to.have.length(1);
      expect(lines[0]).to.match(
        /^\[OPTIMIZELY_EVENTS_LOST_AT_EXIT\] experiment events lost, .*: 6; await the processor/,
      );
    });
  }

  it('says nothing where nothing is wrong', async () => {
    const server = await startServer(() => answer(204));
    const wanted = { options: { datafile }, impression: IMPRESSION, conversion: CONVERSION, flushes: true };
    expect(await stderrOf(wanted, { OPTIMIZELY_EVENTS_ENDPOINT: server.origin })).to.deep.equal([]);
    await server.close();
  });
});
