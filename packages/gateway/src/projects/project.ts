// SPDX-License-Identifier: Apache-2.0
import type { MeterProvider } from '@opentelemetry/api';
import {
  type DatafileIndex,
  type EventDispatcher,
  type ExperimentEvent,
  FileEventStore,
  type Logger,
  OptimizelySpanProcessor,
  type SerializedEvent,
  type Unresolved,
  UserEventFactory,
} from 'opentelemetry-exporter-optimizely';
import type { VisitorPiece } from '../model/batch-pieces.js';
import type { NotReadyReason, ProjectState } from '../model/engine.js';
import type { ProjectConfig, ReceiptMode } from '../model/gateway-config.js';
import type { PreparedEvent } from '../model/prepared-event.js';
import type { FullReason, LaterReason } from '../model/receipt.js';
import type { Runtime } from '../model/runtime.js';
import { Admission } from '../receipt/admission.js';
import { OutstandingEvents } from '../receipt/outstanding-events.js';
import type { Settled } from '../receipt/owed-receipt.js';
import { ReceiptStore } from '../receipt/receipt-store.js';
import { type SharedByVisitors, takeMessage } from '../receipt/take-message.js';
import { heapLimit } from '../util/memory.js';
import { createProjectDatafile } from './create-project-datafile.js';
import { EarlyChecks } from './early-checks.js';
import { isWritable } from './is-writable.js';
import { KeptDatafile } from './kept-datafile.js';
import { ackModeOf, changesEvents, processorOptions, queueLimits } from './processor-options.js';
import type { ProjectDatafile } from './project-datafile.js';
import { UnknownKeys } from './unknown-keys.js';

const ACK_TIMEOUT_MILLIS = 8_000;
const MAX_SENDER_SHARE = 0.5;
const UNKNOWN_KEY_GRACE_MILLIS = 600_000;
const MAX_STORE_BYTES = 268_435_456;
/** The exporter keeps its last tenth for conversions: above this, it would refuse impressions. */
const USABLE_SHARE = 0.9;

export interface ProjectDependencies {
  readonly logger: Logger;
  readonly meterProvider: MeterProvider | undefined;
  /** Where batches go; undefined for Optimizely, over HTTP. */
  readonly eventDispatcher: EventDispatcher | undefined;
  readonly runtime: Runtime;
  /** How long a receipt may wait for delivery, milliseconds. */
  readonly ackTimeoutMillis: number | undefined;
  /** How many there are: they share the memory. */
  readonly projects: number;
  /** What the projects that may be replaced have kept. */
  readonly kept: readonly KeptDatafile[];
}

/** One Optimizely project: its datafile, its exporter, and the events that are outstanding. */
export class Project {
  readonly name: string;
  readonly config: ProjectConfig;
  readonly kept: KeptDatafile;
  readonly #ack: ReceiptMode;
  readonly #ackTimeoutMillis: number;
  readonly #runtime: Runtime;
  readonly #datafile: ProjectDatafile;
  readonly #checks: EarlyChecks;
  readonly #unknownKeys: UnknownKeys;
  readonly #factory = new UserEventFactory();
  readonly #outstanding: OutstandingEvents;
  readonly #store: ReceiptStore | undefined;
  readonly #processor: OptimizelySpanProcessor;
  #isEnding = false;

  /** @throws TypeError if an option can't be used */
  constructor(name: string, config: ProjectConfig, dependencies: ProjectDependencies) {
    const { logger, meterProvider, eventDispatcher, runtime } = dependencies;
    this.name = name;
    this.config = config;
    this.#runtime = runtime;
    this.#ack = ackModeOf(config);
    this.#ackTimeoutMillis = dependencies.ackTimeoutMillis ?? ACK_TIMEOUT_MILLIS;
    const limits = queueLimits(config, heapLimit(), dependencies.projects);
    const { maxQueueSize, maxQueueBytes } = limits;
    this.#outstanding = new OutstandingEvents(
      {
        maxEvents: Math.max(1, maxQueueSize * USABLE_SHARE),
        maxBytes: maxQueueBytes * USABLE_SHARE,
        maxSenderShare: config.maxSenderShare ?? MAX_SENDER_SHARE,
      },
      this.#ack,
    );
    this.#store = openStore(config, runtime);
    this.kept = new KeptDatafile(config.source, dependencies.kept);
    this.#datafile = createProjectDatafile(config.source, { logger, runtime, kept: this.kept });
    this.#checks = new EarlyChecks(this.#datafile, runtime);
    this.#unknownKeys = new UnknownKeys(runtime, config.unknownKeyGraceMillis ?? UNKNOWN_KEY_GRACE_MILLIS);
    try {
      this.#processor = new OptimizelySpanProcessor({
        ...processorOptions(config),
        ...limits,
        // The gateway may run in a process that records events of its own.
        install: false,
        projectConfigManager: this.#datafile,
        eventStore: this.#store,
        eventDispatcher,
        selfObsMeterProvider: meterProvider,
        logger,
        runtime,
      });
    } catch (error) {
      void this.#datafile.stop?.();
      throw error;
    }
  }

  get datafile(): DatafileIndex | undefined {
    return this.#datafile.getConfig();
  }

  /** Optimizely's id of the project, if it is known. */
  get projectId(): string | undefined {
    return this.config.projectId ?? this.datafile?.context.projectId;
  }

  /** Why it would refuse a request for want of memory. With a store, what memory has no room for is there alone. */
  whyFull(sender: string): FullReason | undefined {
    return this.#ack === 'stored' ? undefined : this.#outstanding.whyFull(sender);
  }

  /** Looks the event's keys up, and serializes it. Changes nothing. */
  resolve(event: ExperimentEvent, datafile: DatafileIndex): SerializedEvent | Unresolved {
    return this.#factory.createUserEvent(event, datafile, this.#runtime.monotonic());
  }

  /**
   * Notes that the datafile has no such key.
   *
   * @param timestamp of the event that names it, milliseconds since the epoch
   * @returns whether that is for good; if not, the datafile is looked at
   */
  isUnknownForGood(key: string, timestamp: number): boolean {
    const { lastCheckBeganAt, currentAt = lastCheckBeganAt } = this.#datafile;
    const verdict = this.#unknownKeys.verdictOn(key, timestamp, currentAt);
    if (verdict === 'unknown') return true;
    this.#checks.ask();
    // While the datafile can't be looked at, a key that was wrong is not to hold up what comes with it.
    return verdict === 'outdated' && this.#checks.isFailing;
  }

  /** Makes sure that all events can be taken, and writes them where the receipt is that; takes none yet. */
  admit(sender: string, events: readonly PreparedEvent[]): Admission | LaterReason | 'too_large' {
    if (this.#isEnding) return 'draining';
    const admission = new Admission(events, sender, {
      outstanding: this.#outstanding,
      processor: this.#processor,
      runtime: this.#runtime,
      ackTimeoutMillis: this.#ackTimeoutMillis,
      store: this.#ack === 'stored' ? this.#store : undefined,
      writesFirst: !changesEvents(this.config),
    });
    return admission.whyNot() ?? admission;
  }

  /** Hands all events of a message of a stream over, or none. @returns what becomes of them, which never rejects */
  takeMessage(
    sender: string,
    visitors: readonly VisitorPiece[],
    shared: SharedByVisitors,
  ): Promise<Settled> | LaterReason | 'too_large' {
    if (this.#isEnding) return 'draining';
    return takeMessage(visitors, shared, sender, {
      outstanding: this.#outstanding,
      processor: this.#processor,
    });
  }

  state(): ProjectState {
    const { lastCheckBeganAt, currentAt = lastCheckBeganAt } = this.#datafile;
    return {
      name: this.name,
      hasStore: this.#ack === 'stored',
      notReady: this.#notReady(),
      revision: this.datafile?.context.revision,
      datafileAgeMillis: currentAt === undefined ? undefined : this.#runtime.monotonic() - currentAt,
      outstandingEvents: this.#outstanding.count,
      outstandingBytes: this.#outstanding.byteLength,
      ledger: this.#processor.ledger(),
    };
  }

  /** Sends what waits for a batch to be full, so that its receipts can be given. */
  async flush(): Promise<void> {
    await this.#processor.forceFlush();
  }

  /** Takes nothing any more, and delivers what it has within its time. Never rejects. */
  async end(): Promise<void> {
    this.#isEnding = true;
    this.#checks.stop();
    await this.#processor.shutdown();
  }

  #notReady(): NotReadyReason | undefined {
    if (this.config.source.kind !== 'none' && this.datafile === undefined) return 'no_datafile';
    return this.#ack === 'stored' && this.#store?.isReady === false ? 'store_unusable' : undefined;
  }
}

function openStore(
  { store, maxStoreBytes: maxBytes = MAX_STORE_BYTES, fsync }: ProjectConfig,
  runtime: Runtime,
): ReceiptStore | undefined {
  if (store === undefined) return undefined;
  const files = new FileEventStore({ directory: store, maxBytes, fsync });
  return new ReceiptStore({ store: files, maxBytes, runtime, isWritable: () => isWritable(store) });
}
