// SPDX-License-Identifier: Apache-2.0
import { gzipSync } from 'node:zlib';
import { traceRequests } from './gateway/requests.js';
import { type Answered, percentile, Senders } from './gateway/senders.js';
import { Side } from './gateway/sides.js';
import type { Row, Sides, Size } from './harness/row.js';
import { startServer } from './harness/server.js';

const SPANS = 100;
const OVERLOADED_SPANS = 500;
const LIMIT_MILLIS = 100;
const PROBES_A_SECOND = 50;
/** What the gateway may hold in the end: its own limits, as they are unless told otherwise. */
const LIMIT_BYTES = 268_435_456 + 134_217_728;

/** Rates are multiples of what the gateway was just seen to bear on a core of its own. */
export function rows({ short }: Size): Row[] {
  // Shorter, and the gateway would be seen before V8 has compiled it: ten times that it may well take.
  const millis = short ? 1_000 : 3_000;
  return [
    {
      name: 'p99 of a receipt with a store, at half the load that it bears',
      peer: 'the same rate, read and answered 200',
      unit: 'ms',
      target: { atMostMore: 50 },
      rounds: 3,
      warmUps: 1,
      open: () => openHalf(millis),
    },
    {
      // More than any refusal waits for it: most of those of a turn are answered before its end.
      ...againstLimit(millis, async ({ side }) => {
        const { slowestRefusalMillis, longestTurnMillis } = await side.figures();
        return slowestRefusalMillis + longestTurnMillis;
      }),
      name: 'slowest refusal, at ten times the load that it bears: CPU time of the gateway, with its longest turn',
    },
    {
      ...againstLimit(millis, async ({ answers }) => slowestRefusal(answers)),
      name: 'slowest refusal, at ten times the load that it bears: as its sender sees it',
      target: { atMost: 1 },
    },
    {
      ...againstLimit(millis, async ({ probes }) => percentile(probes, 1)),
      name: 'slowest answer of an idle server to the same sender meanwhile',
    },
    {
      name: 'peak memory, at ten times the load that it bears',
      peer: 'its limits, and what it held before',
      unit: 'bytes',
      target: { atMost: 1 },
      rounds: 3,
      warmUps: 0,
      open: () =>
        openTenfold(
          millis,
          async ({ side }) => (await side.figures()).peakRssBytes,
          async side => (await side.figures('collect')).rssBytes + LIMIT_BYTES,
        ),
    },
  ];
}

/** A row of milliseconds at ten times the load, beside the limit. */
function againstLimit(millis: number, ours: (overload: Overload) => Promise<number>): Omit<Row, 'name'> {
  return {
    peer: 'the limit of 100 ms',
    unit: 'ms',
    rounds: 3,
    warmUps: 1,
    open: () => openTenfold(millis, ours, async () => LIMIT_MILLIS),
  };
}

async function openHalf(millis: number): Promise<Sides> {
  const optimizely = await startServer();
  const [ours, theirs] = await Promise.all([
    Side.start('gateway-with-store', optimizely.url),
    Side.start('floor', optimizely.url),
  ]);
  const make = traceRequests(SPANS, 1);
  const half = (await ours.capacity(millis / 10, make)) / 2;
  await theirs.capacity(millis / 10, make);
  const figure = async (side: Side) => {
    const senders = new Senders(side.port);
    // On a machine that others use, half may be too much for a moment: the receipt is late then.
    const answers = await senders.sendPaced({ millis, aSecond: half }, () => senders.sendUntilTaken(make()));
    senders.close();
    return percentile(answers, 0.99);
  };
  return {
    ours: () => figure(ours),
    theirs: () => figure(theirs),
    close: () => end(ours, theirs, optimizely),
  };
}

interface Overload {
  readonly side: Side;
  readonly answers: readonly Answered[];
  /** What a server without load answered to the same sender: what is late there is not the gateway's doing. */
  readonly probes: readonly Answered[];
}

async function openTenfold(
  millis: number,
  ours: (overload: Overload) => Promise<number>,
  theirs: (side: Side) => Promise<number>,
): Promise<Sides> {
  const optimizely = await startServer();
  const [side, idle] = await Promise.all([
    Side.start('gateway', optimizely.url),
    Side.start('floor', optimizely.url),
  ]);
  const fresh = traceRequests(OVERLOADED_SPANS, 1);
  // Packed, as most exporters send them: what they do to the network would keep the machine busy otherwise.
  const make = () => gzipSync(fresh(), { level: 1 });
  const probe = traceRequests(1, 1)();
  const tenfold = (await side.capacity(millis / 30, make, 'gzip')) * 10;
  const bodies = Array.from({ length: millis / 2 }, make);
  const sendOne = async () => {
    const body = bodies.pop() ?? make();
    const answer = await senders.send(body);
    // One that was taken would be known the next time.
    if (answer.status !== 200) bodies.push(body);
    return answer;
  };
  const before = await theirs(side);
  // Those of the first round, which warms up, serve the others: senders keep their connections.
  const senders = new Senders(side.port, Number.POSITIVE_INFINITY, 'gzip');
  const probing = new Senders(idle.port);
  return {
    async ours() {
      await side.figures('collect');
      const [answers, probes] = await Promise.all([
        senders.sendPaced({ millis, aSecond: tenfold }, sendOne),
        probing.sendPaced({ millis, aSecond: PROBES_A_SECOND }, () => probing.send(probe)),
      ]);
      const lost = answers.find(({ status }) => status !== 200 && status !== 503);
      if (lost !== undefined) throw new Error(`a request was answered ${lost.status}`);
      return ours({ side, answers, probes });
    },
    theirs: () => before,
    close() {
      senders.close();
      probing.close();
      end(side, idle, optimizely);
    },
  };
}

function slowestRefusal(answers: readonly Answered[]): number {
  return percentile(
    answers.filter(({ status }) => status === 503),
    1,
  );
}

function end(...processes: readonly { end(): void }[]): void {
  for (const process of processes) process.end();
}
