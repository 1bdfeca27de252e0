// SPDX-License-Identifier: Apache-2.0
import { createRequire } from 'node:module';
import { inspect } from 'node:util';
import {
  type Attributes,
  type AttributeValue,
  context,
  DiagLogLevel,
  diag,
  ROOT_CONTEXT,
  type Span,
  trace,
} from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { BasicTracerProvider } from '@opentelemetry/sdk-trace-base';
import { expect } from 'chai';
import {
  type Conversion,
  type Datafile,
  type DroppedEvents,
  type Impression,
  type LedgerSnapshot,
  type LogEvent,
  NotificationCenter,
  NotificationType,
  OptimizelySpanProcessor,
  type OptimizelySpanProcessorOptions,
  recordConversion,
  recordImpression,
} from 'opentelemetry-exporter-optimizely';
import { makeDatafile } from './support/datafile.js';
import { RecordingLogger } from './support/fakes.js';
import { Chance, hostileValue, nested, SECRET, SPANS, THROWN, wrap } from './support/hostile-values.js';
import { ManualRuntime } from './support/manual-runtime.js';
import { SEED } from './support/seed.js';

type EndedSpan = Parameters<OptimizelySpanProcessor['onEnd']>[0];
type StartedSpan = Parameters<OptimizelySpanProcessor['onStart']>[0];

const ROUNDS = 1_100;
const CALLS_A_ROUND = 100;
/** No call takes so long unless it hangs; wide, since a machine may be busy. */
const LONGEST_CALL_MILLIS = 5_000;

type Members = Record<string, unknown>;

function isMembers(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** What is wrong with a body by the Events API; empty: nothing. */
function wireProblems(body: unknown): string[] {
  if (typeof body !== 'string') return ['the body is no text'];
  const decoded = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Buffer.from(body));
  if (decoded !== body) return ['the body does not survive UTF-8'];
  const problems: string[] = [];
  const check = (fine: boolean, what: string) => {
    if (!fine) problems.push(what);
  };
  const params = JSON.parse(body) as Members;
  check(params.account_id === 'account-1' && params.revision === '7', 'envelope');
  const visitors = params.visitors as Members[];
  check(Array.isArray(visitors) && visitors.length > 0, 'visitors');
  for (const visitor of visitors) {
    check(Object.keys(visitor).join() === 'visitor_id,attributes,snapshots', 'members of a visitor');
    check(typeof visitor.visitor_id === 'string', 'visitor_id');
    for (const attribute of visitor.attributes as Members[]) checkAttribute(attribute, check);
    const snapshots = visitor.snapshots as Members[];
    check(Array.isArray(snapshots) && snapshots.length === 1, 'one snapshot');
    const events = snapshots[0]?.events as Members[];
    check(Array.isArray(events) && events.length === 1, 'one event');
    checkEvent(events[0] ?? {}, check);
    const decisions = snapshots[0]?.decisions as Members[] | undefined;
    check((decisions !== undefined) === (events[0]?.key === 'campaign_activated'), 'decisions');
    if (decisions !== undefined) {
      check(Array.isArray(decisions) && decisions.length === 1, 'one decision');
      checkDecision(decisions[0] ?? {}, check);
    }
  }
  return problems;
}

type Check = (fine: boolean, what: string) => void;

function checkAttribute(attribute: Members, check: Check): void {
  check(Object.keys(attribute).join() === 'entity_id,key,type,value', 'members of an attribute');
  check(typeof attribute.entity_id === 'string' && typeof attribute.key === 'string', 'an attribute key');
  check(attribute.type === 'custom', 'an attribute type');
  const { value } = attribute;
  const allowed =
    typeof value === 'string' ||
    typeof value === 'boolean' ||
    (typeof value === 'number' && Math.abs(value) <= 2 ** 53);
  check(allowed, `an attribute value of type ${typeof value}`);
}

function checkEvent(event: Members, check: Check): void {
  check(typeof event.uuid === 'string' && event.uuid !== '', 'uuid');
  check(Number.isInteger(event.timestamp) && /^\d{13}$/.test(String(event.timestamp)), 'timestamp');
  check(typeof event.key === 'string' && event.key !== '', 'event key');
  check(event.entity_id === null || typeof event.entity_id === 'string', 'entity_id');
  check(!('revenue' in event) || Number.isInteger(event.revenue), 'revenue');
  check(!('value' in event) || typeof event.value === 'number', 'value');
  check(!('tags' in event) || isMembers(event.tags), `tags of type ${typeof event.tags}`);
}

function checkDecision(decision: Members, check: Check): void {
  const metadata = decision.metadata as Members;
  check(decision.campaign_id === null || typeof decision.campaign_id === 'string', 'campaign_id');
  check(typeof decision.experiment_id === 'string', 'experiment_id');
  check(decision.variation_id === null || /^\d+$/.test(String(decision.variation_id)), 'variation_id');
  for (const key of ['flag_key', 'rule_key', 'variation_key']) check(typeof metadata[key] === 'string', key);
  const types = ['experiment', 'feature-test', 'rollout', 'holdout'];
  check(types.includes(metadata.rule_type as string), 'rule_type');
  check(typeof metadata.enabled === 'boolean', 'enabled');
  check(!('cmab_uuid' in metadata) || typeof metadata.cmab_uuid === 'string', 'cmab_uuid');
}

/** Reads what it gets, as a server would, and keeps what is wrong with it. */
class ParsingDispatcher {
  readonly problems: string[] = [];
  readonly uuids: string[] = [];
  /** UTF-8 bytes of the visitors, what `maxQueueBytes` counts. */
  visitorBytes = 0;
  bytes = 0;

  async dispatchEvent(logEvent: LogEvent): Promise<{ statusCode: number }> {
    try {
      const { body } = logEvent;
      this.problems.push(...wireProblems(body));
      this.bytes += Buffer.byteLength(body);
      for (const visitor of JSON.parse(body).visitors) {
        this.uuids.push(visitor.snapshots[0].events[0].uuid);
        this.visitorBytes += Buffer.byteLength(JSON.stringify(visitor));
      }
    } catch (error) {
      this.problems.push(`unreadable: ${(error as Error).message.slice(0, 80)}`);
    }
    return { statusCode: 204 };
  }
}

function droppedIn(ledger: LedgerSnapshot): number {
  return Object.values(ledger.dropped).reduce((sum, count) => sum + count, 0);
}

/** Identity of the ledger; plain comparisons, since it is looked at after every call. */
function addsUp(ledger: LedgerSnapshot): boolean {
  const { recorded, recovered, delivered, stored, pending } = ledger;
  return recorded + recovered === delivered + stored + pending + droppedIn(ledger);
}

const opened: { shutdown(): Promise<unknown> }[] = [];
const diagLines: string[] = [];

interface HarnessOptions extends Partial<OptimizelySpanProcessorOptions> {
  /** No datafile until `bringDatafile()`. */
  held?: boolean;
  /** Whether a LOG_EVENT listener looks at `params`. */
  looks?: boolean;
  /** Whether the processor logs to `diag`. */
  toDiag?: boolean;
  Processor?: typeof OptimizelySpanProcessor;
}

function makeHarness({
  held = false,
  looks = false,
  toDiag = false,
  Processor = OptimizelySpanProcessor,
  ...options
}: HarnessOptions = {}) {
  const dispatcher = new ParsingDispatcher();
  const logger = new RecordingLogger();
  const notificationCenter = new NotificationCenter();
  const told = { bytes: 0, dropped: 0 };
  const problems: string[] = [];
  notificationCenter.addNotificationListener(NotificationType.LOG_EVENT, (logEvent, info) => {
    if (looks && !Array.isArray(logEvent.params.visitors)) problems.push('params');
    const real = Buffer.byteLength(logEvent.body);
    if (info.byteLength !== real) problems.push(`byteLength ${info.byteLength} is ${real}`);
    told.bytes += info.byteLength;
  });
  notificationCenter.addNotificationListener(NotificationType.EVENTS_DROPPED, dropped => {
    problems.push(...dropProblems(dropped));
    told.dropped += dropped.count;
  });
  let datafile: Datafile | null = held ? null : makeDatafile();
  const processor = new Processor({
    projectConfigManager: { getConfig: () => datafile },
    eventDispatcher: dispatcher,
    notificationCenter,
    runtime: new ManualRuntime(),
    ...(!toDiag && { logger }),
    ...options,
  });
  opened.push(processor);
  return {
    processor,
    dispatcher,
    logger,
    told,
    problems,
    bringDatafile: () => {
      datafile = makeDatafile();
    },
  };
}

type Harness = ReturnType<typeof makeHarness>;

function dropProblems(dropped: DroppedEvents): string[] {
  const problems: string[] = [];
  if (Object.keys(dropped).sort().join() !== 'count,reason,uuids') problems.push('members of a drop');
  if (inspect(dropped).includes(SECRET)) problems.push("user's data told to EVENTS_DROPPED");
  if (!dropped.uuids.every(uuid => typeof uuid === 'string')) problems.push('uuids of a drop');
  if (dropped.uuids.length > 0 && dropped.uuids.length !== dropped.count) problems.push('count of a drop');
  return problems;
}

function expectNoSecret(lines: readonly string[]): void {
  expect(
    lines.filter(line => line.includes(SECRET)),
    "log lines with a user's data",
  ).to.deep.equal([]);
}

const PROTOTYPES = [Object.prototype, Array.prototype, Function.prototype, String.prototype];
const CLEAN = PROTOTYPES.map(prototype => Reflect.ownKeys(prototype).length);

function expectSound({ processor, dispatcher, logger, told, problems }: Harness): void {
  expect(dispatcher.problems.slice(0, 5), 'on the wire').to.deep.equal([]);
  expect(problems.slice(0, 5), 'told to listeners').to.deep.equal([]);
  const ledger = processor.ledger();
  expect(addsUp(ledger), `the ledger adds up: ${JSON.stringify(ledger)}`).to.equal(true);
  expect(ledger.delivered, 'delivered').to.equal(dispatcher.uuids.length);
  expect(told.dropped, 'dropped, as EVENTS_DROPPED tells').to.equal(droppedIn(ledger));
  expect(told.bytes, 'bytes, as LOG_EVENT tells').to.equal(dispatcher.bytes);
  expectNoSecret([...logger.lines.map(({ message }) => message), ...diagLines.splice(0)]);
  const now = PROTOTYPES.map(prototype => Reflect.ownKeys(prototype).length);
  expect(now, 'members of the prototypes').to.deep.equal(CLEAN);
}

function goodImpression(chance: Chance): Members {
  return {
    userId: `${SECRET}-${chance.below(1e9)}`,
    flagKey: 'checkout',
    ruleKey: 'checkout_test',
    variationKey: 'treatment',
    attributes: { plan: SECRET, country: true, $opt_secret: SECRET, [SECRET]: SECRET },
  };
}

function goodConversion(chance: Chance): Members {
  return {
    userId: `${SECRET}-${chance.below(1e9)}`,
    eventKey: 'purchase',
    attributes: { plan: 1e15, country: false },
    tags: { revenue: 4200, value: '1.5', [SECRET]: SECRET, nested: { secret: [SECRET] }, none: null },
  };
}

const FIELDS = {
  impression: [
    ...['userId', 'flagKey', 'ruleKey', 'ruleType', 'variationKey', 'enabled', 'experimentId'],
    ...['campaignId', 'variationId', 'cmabUuid', 'attributes', 'timestamp', 'uuid'],
  ],
  conversion: ['userId', 'eventKey', 'eventId', 'attributes', 'tags', 'timestamp', 'uuid'],
};
type EventType = keyof typeof FIELDS;

const MEMBER_KEYS = [
  'plan',
  'country',
  'revenue',
  'value',
  SECRET,
  '__proto__',
  'constructor',
  '$opt_é\ud800',
];

/** Defines, so that a member named `__proto__` is one. */
function define(target: Members, key: string, value: unknown): void {
  Object.defineProperty(target, key, { value, enumerable: true, writable: true, configurable: true });
}

/** The uuid is no user's data and may be told: nothing secret is put there. */
function asUuid(value: unknown): unknown {
  if (typeof value === 'string') return value.replaceAll(SECRET, 'a-uuid');
  return typeof value === 'object' || typeof value === 'function' ? undefined : value;
}

/** Keys that are named in the log if the datafile does not have them. */
const TOLD_KEYS = [
  ...['flagKey', 'ruleKey', 'variationKey', 'eventKey'],
  ...['feature_flag.key', 'optimizely.rule.key', 'feature_flag.result.variant', 'optimizely.event.key'],
];

/** Such a key is no user's data either. */
function asKey(value: unknown): unknown {
  return typeof value === 'string' ? value.replaceAll(SECRET, 'a-key') : value;
}

/** Attributes or tags, some hostile. */
function hostileMembers(members: Members, chance: Chance): unknown {
  const hostile = { ...members };
  for (let count = chance.below(3); count > 0; count--) {
    const key = chance.pick(MEMBER_KEYS);
    chance.note(`member ${key}:`);
    define(hostile, key, hostileValue(chance));
  }
  return wrap(hostile, chance, 0.3);
}

/** An argument that is hostile as a whole, in some fields, within them, or not at all. */
function makeInput(type: EventType, chance: Chance): { input: unknown; ordinary: boolean } {
  chance.note(`${type} of`);
  if (chance.in(0.05)) return { input: hostileValue(chance), ordinary: false };
  const input = type === 'impression' ? goodImpression(chance) : goodConversion(chance);
  if (chance.in(0.1)) return { input: chance.in(0.5) ? Object.freeze(input) : input, ordinary: true };
  for (const field of FIELDS[type]) {
    if (!chance.in(0.12)) continue;
    chance.note(`${field}:`);
    const value = hostileValue(chance);
    if (field === 'uuid') input[field] = asUuid(value);
    else input[field] = TOLD_KEYS.includes(field) ? asKey(value) : value;
  }
  for (const field of ['attributes', 'tags']) {
    if (!isPlain(input[field]) || !chance.in(0.5)) continue;
    chance.note(`within ${field}:`);
    input[field] = hostileMembers(input[field], chance);
  }
  return { input: wrap(input, chance, 0.1), ordinary: false };
}

/** One of our own makers' plain objects: reading it is safe. */
function isPlain(value: unknown): value is Members {
  try {
    return isMembers(value) && Object.getPrototypeOf(value) === Object.prototype && 'plan' in value;
  } catch {
    return false;
  }
}

type SpanKind = 'none' | 'real' | 'active' | 'ended' | 'not recording' | 'hostile';
const SPAN_KINDS: readonly SpanKind[] = ['none', 'real', 'active', 'ended', 'not recording', 'hostile'];

/** One processor's life: some calls, each looked at, then a flush. */
class Round {
  readonly #chance: Chance;
  readonly #harness: Harness;
  readonly #provider: BasicTracerProvider;
  readonly #ended: Span;
  readonly #notRecording = trace.wrapSpanContext({
    traceId: '1'.repeat(32),
    spanId: '1'.repeat(16),
    traceFlags: 1,
  });
  readonly #given: string[] = [];
  readonly #late: boolean;
  #span: Span;

  constructor(chance: Chance) {
    this.#chance = chance;
    const held = chance.in(0.3);
    this.#late = held && chance.in(0.7);
    this.#harness = makeHarness({
      held,
      looks: chance.in(0.3),
      toDiag: chance.in(0.3),
      traceDetail: chance.pick(['minimal', 'full', 'full', 'none']),
      batchSize: chance.pick([1, 10, 1000]),
      ...(chance.in(0.3) && { maxQueueBytes: 20_000 }),
    });
    this.#provider = new BasicTracerProvider({
      spanProcessors: [this.#harness.processor],
      ...(chance.in(0.2) && { spanLimits: { attributeValueLengthLimit: 5, eventCountLimit: 3 } }),
    });
    this.#ended = this.#startSpan();
    this.#ended.end();
    this.#span = this.#startSpan();
  }

  #startSpan(): Span {
    return this.#provider.getTracer('test').startSpan('request');
  }

  get delivered(): number {
    return this.#harness.processor.ledger().delivered;
  }

  /** One record call. */
  record(): void {
    const chance = this.#chance;
    const type = chance.pick<EventType>(['impression', 'conversion']);
    const { input, ordinary } = makeInput(type, chance);
    const before = ordinary ? inspect(input, { showHidden: true, depth: 5 }) : '';
    const spanKind = chance.pick(SPAN_KINDS);
    const byHelper = chance.in(0.5);
    chance.note(`on span: ${spanKind}`);
    const span = this.#spanOf(spanKind);
    chance.note(byHelper ? 'by a helper' : 'by a method');
    const uuid = this.#counting(1, () =>
      spanKind === 'active'
        ? context.with(trace.setSpan(ROOT_CONTEXT, this.#span), () => this.#call(type, input, byHelper))
        : this.#call(type, input, byHelper, span),
    );
    if (uuid !== undefined) this.#given.push(uuid);
    if (ordinary && inspect(input, { showHidden: true, depth: 5 }) !== before) {
      throw new Error("the caller's object was changed");
    }
  }

  #spanOf(kind: SpanKind): Span | undefined {
    switch (kind) {
      case 'none':
      case 'active':
        return undefined;
      case 'real':
        return this.#span;
      case 'ended':
        return this.#ended;
      case 'not recording':
        return this.#notRecording;
      case 'hostile':
        return this.#chance.make(SPANS) as Span;
    }
  }

  #call(type: EventType, input: unknown, byHelper: boolean, span?: Span): string | undefined {
    const { processor } = this.#harness;
    if (type === 'impression') {
      return byHelper
        ? recordImpression(input as Impression, span)
        : processor.recordImpression(input as Impression, span);
    }
    return byHelper
      ? recordConversion(input as Conversion, span)
      : processor.recordConversion(input as Conversion, span);
  }

  /** Span events by code without this package, on a span of the SDK's; then the span ends. */
  endSpan(rawEvents: number): void {
    const { events } = this.#span as unknown as { events: readonly object[] };
    const handedOver = new Set(events);
    for (let count = 0; count < rawEvents; count++) {
      const type = this.#chance.pick<EventType>(['impression', 'conversion']);
      const attributes = rawAttributes(type, this.#chance) as Attributes;
      try {
        this.#span.addEvent(`optimizely.${type}`, attributes, rawTime(this.#chance));
      } catch {
        // The SDK's own addEvent throws at some attributes; then there is no event.
      }
    }
    const raw = events.filter(event => !handedOver.has(event));
    this.#counting(raw.length, () => this.#span.end());
    this.#span = this.#startSpan();
  }

  /** Whatever may come to a span processor. */
  hooks(): void {
    const chance = this.#chance;
    const { processor } = this.#harness;
    chance.note('a hook of');
    const span = chance.in(0.5)
      ? chance.make({ ...SPANS, value: hostileValue })
      : wrap({ events: hostileEvents(chance), resource: chance.make(RESOURCES) }, chance, 0.3);
    processor.onStart(span as StartedSpan, ROOT_CONTEXT);
    processor.onEnd(span as EndedSpan);
    if (!addsUp(processor.ledger())) throw new Error('the ledger does not add up');
  }

  #counting<T>(expected: number, call: () => T): T {
    const { processor } = this.#harness;
    const before = processor.ledger().recorded;
    const startedAt = performance.now();
    const result = call();
    const took = performance.now() - startedAt;
    const ledger = processor.ledger();
    if (took > LONGEST_CALL_MILLIS) throw new Error(`it took ${took} ms`);
    if (!addsUp(ledger)) throw new Error(`the ledger does not add up: ${JSON.stringify(ledger)}`);
    if (ledger.recorded !== before + expected) {
      throw new Error(`${ledger.recorded - before} events were counted, not ${expected}`);
    }
    return result;
  }

  async finish(): Promise<void> {
    const harness = this.#harness;
    const { processor, dispatcher } = harness;
    if (this.#late) harness.bringDatafile();
    await processor.forceFlush();
    expectSound(harness);
    const ledger = processor.ledger();
    const held = ledger.delivered === 0;
    if (!held) {
      expect(ledger.pending, 'pending after a flush').to.equal(0);
      // Of what was held, some may turn out to be unknown to the datafile.
      if (!this.#late) {
        const left = [...this.#given];
        const wire = countOf(dispatcher.uuids);
        for (const [uuid, count] of countOf(left)) {
          expect(wire.get(uuid) ?? 0, 'times that a uuid that was returned arrived').to.be.at.least(count);
        }
      }
    }
    this.#span.end();
    await this.#provider.shutdown();
    expectSound(harness);
    expect(processor.ledger().pending, 'pending after shutdown').to.equal(0);
  }
}

function countOf(uuids: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const uuid of uuids) counts.set(uuid, (counts.get(uuid) ?? 0) + 1);
  return counts;
}

const RAW_ATTRIBUTES: Record<EventType, Record<string, AttributeValue>> = {
  impression: {
    'feature_flag.context.id': SECRET,
    'feature_flag.key': 'checkout',
    'feature_flag.result.variant': 'treatment',
    'optimizely.rule.key': 'checkout_test',
    'optimizely.rule.type': 'feature-test',
    'optimizely.decision.enabled': true,
    'optimizely.experiment.id': '200',
    'optimizely.campaign.id': '20',
    'optimizely.variation.id': '2001',
    'optimizely.cmab.uuid': 'cmab',
    'optimizely.event.uuid': 'event-uuid',
    'optimizely.user.attributes': JSON.stringify({ plan: SECRET }),
  },
  conversion: {
    'feature_flag.context.id': SECRET,
    'optimizely.event.key': 'purchase',
    'optimizely.event.id': '300',
    'optimizely.event.uuid': 'event-uuid',
    'optimizely.user.attributes': JSON.stringify({ plan: SECRET }),
    'optimizely.event.tags': JSON.stringify({ revenue: 1, [SECRET]: SECRET }),
  },
};

const HUGE_JSON = JSON.stringify({ plan: SECRET, list: new Array(100_000).fill(SECRET) });
const DEEP_JSON = `{"a":${'['.repeat(10_000)}${']'.repeat(10_000)}}`;

const JSON_TEXTS = {
  '{}': () => '{}',
  null: () => 'null',
  'a list': () => `["${SECRET}"]`,
  'a string': () => JSON.stringify(SECRET),
  'a number': () => '5',
  'broken JSON': () => `{"plan":"${SECRET}"`,
  'no JSON': () => SECRET,
  'empty text': () => '',
  'a byte order mark': () => `\ufeff{"plan":"${SECRET}"}`,
  'huge numbers': () => '{"plan":1e999,"revenue":1e999,"value":"-1e999"}',
  'a __proto__ member': () => `{"__proto__":{"polluted":"${SECRET}"},"plan":"${SECRET}"}`,
  'keys twice': () => `{"plan":1,"plan":"${SECRET}","revenue":1,"revenue":2}`,
  'lone surrogates': () => `{"plan":"\\ud800${SECRET}","\\udc00":"\ud800"}`,
  'nested toJSON': () => `{"toJSON":"${SECRET}","plan":{"toJSON":1}}`,
  'huge JSON': (chance: Chance) => (chance.in(0.02) ? HUGE_JSON : '{"plan":5}'),
  'deep JSON': (chance: Chance) => (chance.in(0.05) ? DEEP_JSON : '{"plan":[[[[]]]]}'),
};

/** The keys stay as they are: the SDK itself logs one that it refuses. */
function rawAttributes(type: EventType, chance: Chance): unknown {
  chance.note(`raw ${type}`);
  const attributes: Members = {};
  for (const [name, good] of Object.entries(RAW_ATTRIBUTES[type])) {
    if (chance.in(0.25)) continue;
    attributes[name] = good;
    if (chance.in(0.85)) continue;
    chance.note(`${name}:`);
    if (name.endsWith('.attributes') || name.endsWith('.tags')) attributes[name] = chance.make(JSON_TEXTS);
    else attributes[name] = hostileValue(chance);
    if (name === 'optimizely.event.uuid') attributes[name] = asUuid(attributes[name]);
    if (TOLD_KEYS.includes(name)) attributes[name] = asKey(attributes[name]);
  }
  return attributes;
}

function rawTime(chance: Chance): [number, number] | number | Date | undefined {
  return chance.pick([
    undefined,
    undefined,
    [1_700_000_000, 5],
    [Number.NaN, Number.NaN],
    [1e300, -1e300],
    1_700_000_000_000,
    Number.NaN,
    new Date(Number.NaN),
  ]);
}

const RESOURCES = {
  'a resource': () => ({}),
  'no resource': () => undefined,
  'a hostile resource': hostileValue,
};

function hostileEvents(chance: Chance): unknown {
  return Array.from({ length: chance.below(4) }, () => {
    if (chance.in(0.1)) return hostileValue(chance);
    const type = chance.pick<EventType>(['impression', 'conversion']);
    const event = {
      name: chance.in(0.9) ? `optimizely.${type}` : hostileValue(chance),
      attributes: wrap(rawAttributes(type, chance) as Members, chance, 0.3),
      time: chance.in(0.8) ? [1_700_000_000, 5] : hostileValue(chance),
    };
    return chance.in(0.2) ? Object.freeze(event) : wrap(event, chance, 0.2);
  });
}

/** Runs the rounds; a failure names the seed and what was done. */
async function fuzz(rounds: number, play: (round: Round, step: () => void) => void): Promise<number> {
  let delivered = 0;
  for (let number = 0; number < rounds; number++) {
    const chance = new Chance(SEED + number);
    let step = 0;
    try {
      const round = new Round(chance);
      play(round, () => {
        step++;
        chance.takeNotes();
      });
      chance.takeNotes();
      await round.finish();
      delivered += round.delivered;
      opened.length = 0;
    } catch (error) {
      const said = error instanceof Error ? error.message : inspect(error);
      throw new Error(`TEST_SEED=${SEED}, round ${number}, step ${step}: ${said}\n${chance.takeNotes()}`, {
        cause: error,
      });
    }
  }
  return delivered;
}

describe('hostile input', () => {
  before(() => {
    context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  });

  after(() => {
    context.disable();
  });

  beforeEach(() => {
    const keep = (...parts: unknown[]) => void diagLines.push(parts.map(String).join(' '));
    const logger = { error: keep, warn: keep, info: keep, debug: keep, verbose: keep };
    diag.setLogger(logger, { logLevel: DiagLogLevel.ALL, suppressOverrideMessage: true });
  });

  afterEach(async () => {
    diag.disable();
    diagLines.length = 0;
    await Promise.all(opened.splice(0).map(each => each.shutdown()));
  });

  it(`harms nothing in ${ROUNDS * CALLS_A_ROUND} record calls`, async () => {
    let calls = 0;
    const delivered = await fuzz(ROUNDS, (round, step) => {
      for (let call = 0; call < CALLS_A_ROUND; call++, calls++) {
        step();
        round.record();
        if (call % 25 === 24) round.endSpan(0);
      }
    });
    expect(calls).to.be.at.least(100_000);
    expect(delivered, 'of the input some is usable').to.be.within(calls / 20, (calls * 3) / 4);
  });

  it('harms nothing in 20,000 span events that code without this package added', async () => {
    const delivered = await fuzz(200, (round, step) => {
      for (let span = 0; span < 20; span++) {
        step();
        round.endSpan(5);
      }
    });
    expect(delivered, 'of the input some is usable').to.be.within(1_000, 15_000);
  });

  it('harms nothing in 20,000 spans that are none', async () => {
    const delivered = await fuzz(200, (round, step) => {
      for (let span = 0; span < 100; span++) {
        step();
        round.hooks();
      }
    });
    expect(delivered, 'of the input some is usable').to.be.above(500);
  });

  describe('spans', () => {
    const good = { userId: SECRET, flagKey: 'checkout', ruleKey: 'checkout_test', variationKey: 'treatment' };

    for (const [name, make] of Object.entries(SPANS)) {
      it(`loses no event to a broken span: ${name}`, async () => {
        const { processor, dispatcher, ...harness } = makeHarness();
        const span = () => make(new Chance(1)) as Span;
        const uuids = [recordImpression(good, span()), processor.recordImpression(good, span())];
        await processor.forceFlush();
        expect(dispatcher.uuids).to.deep.equal(uuids);
        expectSound({ processor, dispatcher, ...harness });
      });

      it(`takes as a span of the application's, without a throw: ${name}`, () => {
        const { processor } = makeHarness();
        const span = make(new Chance(1));
        expect(() => processor.onStart(span as StartedSpan, ROOT_CONTEXT), 'onStart').not.to.throw();
        expect(() => processor.onEnd(span as EndedSpan), 'onEnd').not.to.throw();
      });
    }

    for (const [name, make] of Object.entries(THROWN)) {
      it(`survives what a span throws, the first time as well: ${name}`, async () => {
        const copy = freshCopy();
        const { processor, dispatcher, ...harness } = makeHarness({
          Processor: copy.OptimizelySpanProcessor,
        });
        const fail = () => {
          throw make(new Chance(1));
        };
        const spans = [
          { isRecording: () => true, addEvent: fail },
          Object.defineProperty({ isRecording: () => true, addEvent() {} }, 'resource', { get: fail }),
          { isRecording: fail },
        ];
        const uuids = spans.flatMap(span => [
          copy.recordImpression(good, span as unknown as Span),
          processor.recordImpression(good, span as unknown as Span),
        ]);
        processor.onEnd({
          events: [Object.defineProperty({}, 'name', { get: fail })],
        } as unknown as EndedSpan);
        await processor.forceFlush();
        expect(dispatcher.uuids).to.deep.equal(uuids);
        expectSound({ processor, dispatcher, ...harness });
      });
    }

    const attributes = {
      'feature_flag.context.id': SECRET,
      'feature_flag.key': 'checkout',
      'optimizely.rule.key': 'checkout_test',
    };
    const event = (overrides: Members = {}) => ({
      name: 'optimizely.impression',
      time: [1_700_000_000, 0],
      attributes,
      ...overrides,
    });
    const broken: Record<string, unknown> = {
      'that is null': null,
      'that is frozen': Object.freeze(event()),
      'without a time': event({ time: undefined }),
      'whose attributes throw': Object.defineProperty(event(), 'attributes', {
        get() {
          throw new Error(SECRET);
        },
      }),
    };
    for (const [name, first] of Object.entries(broken)) {
      it(`harvests the events of a span behind one ${name}`, async () => {
        const { processor, dispatcher } = makeHarness();
        const last = event({ attributes: { ...attributes, 'optimizely.event.uuid': 'the-last' } });
        processor.onEnd({ events: [first, last] } as unknown as EndedSpan);
        await processor.forceFlush();
        expect(dispatcher.uuids).to.include('the-last');
      });
    }
  });

  for (const held of [false, true]) {
    const when = held ? 'before the datafile' : 'with a datafile';
    for (const answer of [SECRET, 7, true, null, [SECRET]]) {
      it(`sends no tags but an object, recorded ${when}, where toJSON answers ${inspect(answer)}`, async () => {
        const { processor, dispatcher, bringDatafile } = makeHarness({ held });
        processor.recordConversion({ userId: 'u', eventKey: 'purchase', tags: { toJSON: () => answer } });
        bringDatafile();
        await processor.forceFlush();
        expect(dispatcher.problems).to.deep.equal([]);
      });
    }
  }

  it('takes no other event of its batch along where tags nest as deep as can be serialized', async () => {
    const lost: number[] = [];
    for (let levels = deepest() - 80; levels < deepest() + 20; levels += 2) {
      const { processor, dispatcher } = makeHarness({ looks: true });
      processor.recordConversion({ userId: 'deep', eventKey: 'purchase', tags: { deep: nested(levels) } });
      const uuid = processor.recordConversion({ userId: 'flat', eventKey: 'purchase' });
      await processor.forceFlush();
      if (!dispatcher.uuids.includes(String(uuid))) lost.push(levels);
      await processor.shutdown();
    }
    expect(lost, 'nesting of tags that cost another event').to.deep.equal([]);
  });

  describe('memory', () => {
    const maxQueueBytes = 2_000_000;

    for (const held of [false, true]) {
      const where = held ? 'held' : 'undelivered';
      it(`keeps maxQueueBytes over what is ${where}, whatever is recorded`, async () => {
        const { processor, dispatcher, bringDatafile } = makeHarness({
          held,
          maxQueueBytes,
          startOnInit: false,
        });
        const chance = new Chance(SEED);
        let taken = 0;
        for (let call = 0; call < 2_000; call++) {
          const filler = `${SECRET}é`.repeat(chance.pick([1, 10, 100, 2_000]));
          const input = { userId: filler, eventKey: 'purchase', tags: { filler } };
          if (processor.recordConversion(input) !== undefined) taken += 2 * Buffer.byteLength(filler);
        }
        expect(taken, 'bytes of text that were taken').to.be.within(maxQueueBytes / 2, maxQueueBytes);
        const { pending, dropped } = processor.ledger();
        expect(pending + (dropped.queue_full ?? 0)).to.equal(2_000);
        bringDatafile();
        await processor.forceFlush();
        expect(dispatcher.visitorBytes).to.be.within(maxQueueBytes * 0.8, maxQueueBytes);
      });

      it(`keeps nothing of the texts that ${where} events were cut from`, () => {
        const { processor } = makeHarness({ held, maxQueueBytes, startOnInit: false });
        const cut = (call: number) => `user-of-a-header-${call}-${'x'.repeat(100_000)}`.slice(0, 25);
        const grown = heapGrowth(() => {
          for (let call = 0; call < 1_000; call++) {
            const input = {
              userId: cut(call),
              eventKey: 'purchase',
              uuid: cut(call),
              tags: { a: cut(call) },
            };
            processor.recordConversion(input);
          }
        });
        expect(processor.ledger().pending).to.equal(1_000);
        expect(grown, 'bytes of heap').to.be.below(4 * maxQueueBytes);
      });

      it(`keeps the heap near maxQueueBytes where ${where} tags are many small objects`, () => {
        const { processor } = makeHarness({ held, maxQueueBytes, startOnInit: false });
        const grown = heapGrowth(() => {
          for (let call = 0; call < 30; call++) {
            const list = Array.from({ length: 30_000 }, () => ({}));
            processor.recordConversion({ userId: 'u', eventKey: 'purchase', tags: { list } });
          }
        });
        expect(processor.ledger().pending).to.be.above(15);
        expect(grown, 'bytes of heap').to.be.below(4 * maxQueueBytes);
      });
    }
  });
});

type Package = typeof import('opentelemetry-exporter-optimizely');

/** A copy of the package that has not logged anything yet: the helpers say each thing once a process. */
function freshCopy(): Package {
  const require = createRequire(import.meta.url);
  const loaded = Object.entries(require.cache).filter(([id]) => /[\\/]dist[\\/]/.test(id));
  const ours = loaded.filter(([id]) => !/[\\/]node_modules[\\/]/.test(id));
  for (const [id] of ours) delete require.cache[id];
  try {
    return require('opentelemetry-exporter-optimizely') as Package;
  } finally {
    for (const [id, module] of ours) require.cache[id] = module;
  }
}

/** How deep `JSON.stringify` goes, about, on a stack as empty as ours. */
function deepest(): number {
  let [fits, fails] = [500, 100_000];
  while (fails - fits > 1) {
    const middle = (fits + fails) >> 1;
    try {
      JSON.stringify(nested(middle));
      fits = middle;
    } catch {
      fails = middle;
    }
  }
  return fits;
}

function heapGrowth(work: () => void): number {
  const collect = globalThis.gc;
  if (collect === undefined) throw new Error('run with --expose-gc');
  collect();
  const before = process.memoryUsage().heapUsed;
  work();
  collect();
  return process.memoryUsage().heapUsed - before;
}
