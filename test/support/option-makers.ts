// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  BatchEventProcessor,
  EventFactory,
  FileDatafileCache,
  FileEventStore,
  NotificationCenter,
  OptimizelyEventExporter,
  OptimizelySpanProcessor,
  PollingProjectConfigManager,
  StaticProjectConfigManager,
  shutdownOnSignals,
  UndiciEventDispatcher,
  UserEventFactory,
} from 'opentelemetry-exporter-optimizely';
import { OptimizelyInstrumentation } from 'opentelemetry-exporter-optimizely/instrumentation';
import { OptimizelyLogRecordProcessor } from 'opentelemetry-exporter-optimizely/logs';
import { OptimizelyHook, withConversions } from 'opentelemetry-exporter-optimizely/openfeature';
import { createSpanEventDispatcher } from 'opentelemetry-exporter-optimizely/optimizely-sdk';
import { InMemoryEventDispatcher, startLocalEventsEndpoint } from 'opentelemetry-exporter-optimizely/testing';
import { makeDatafile } from './datafile.js';
import { RecordingDispatcher } from './fakes.js';
import { ManualRuntime, settle } from './manual-runtime.js';

export type Options = Record<string, unknown>;

/**
 * Makes each thing that takes options, or calls it.
 *
 * @param how with what it requires besides, or with the options as they are
 * @returns nothing, or a promise
 */
export type MakeWith = (options: Options, how?: 'as it is') => unknown;

/** By the names of the option tables. `undo` ends what was made. */
export function optionMakers() {
  const undone: (() => unknown)[] = [];
  const dispatcher = () => ({ eventDispatcher: new RecordingDispatcher() });
  const make: Record<string, MakeWith> = {
    OptimizelySpanProcessor: making(
      () => ({ datafile: makeDatafile(), runtime: new ManualRuntime(), ...dispatcher() }),
      options => processor(options),
    ),
    BatchEventProcessor: making(dispatcher, options => new BatchEventProcessor(options as never)),
    OptimizelyEventExporter: making(dispatcher, options => new OptimizelyEventExporter(options as never)),
    EventFactory: options => new EventFactory(options),
    UndiciEventDispatcher: options => new UndiciEventDispatcher(options),
    PollingProjectConfigManager: making(
      () => ({ urlTemplate: 'http://127.0.0.1:9/%s.json', sdkKey: 'key', runtime: new ManualRuntime() }),
      options => {
        const manager = new PollingProjectConfigManager(options);
        undone.push(() => manager.stop());
      },
    ),
    StaticProjectConfigManager: options => new StaticProjectConfigManager(options),
    FileEventStore: making(
      () => ({ directory: directory() }),
      options => {
        const eventStore = new FileEventStore(options as never);
        processor({ datafile: makeDatafile(), ...dispatcher(), eventStore, logger: options.logger });
      },
    ),
    FileDatafileCache: making(
      () => ({ directory: tmpdir() }),
      options => new FileDatafileCache(options as never),
    ),
    NotificationCenter: options => new NotificationCenter(options),
    UserEventFactory: options => new UserEventFactory(options),
    OptimizelyLogRecordProcessor: options => new OptimizelyLogRecordProcessor(plainProcessor(), options),
    OptimizelyInstrumentation(options) {
      const instrumentation = new OptimizelyInstrumentation(options);
      undone.push(() => instrumentation.disable());
    },
    createSpanEventDispatcher: options => createSpanEventDispatcher(plainProcessor(), options),
    OptimizelyHook: options => new OptimizelyHook(options),
    withConversions: options => withConversions({}, options),
    async trackConversion(options) {
      // It says once a process what is wrong with its options: this copy has not said it yet.
      const copy = '../../src/openfeature/track-conversion.js?copy';
      const { trackConversion } = (await import(
        copy
      )) as typeof import('../../src/openfeature/track-conversion.js');
      trackConversion('purchase', { targetingKey: 'v' }, {}, options);
    },
    shutdownOnSignals(options) {
      undone.push(shutdownOnSignals({ shutdown: async () => {} }, options));
    },
    InMemoryEventDispatcher: options => new InMemoryEventDispatcher(options),
    async startLocalEventsEndpoint(options) {
      const endpoint = await startLocalEventsEndpoint(options);
      undone.push(() => endpoint.close());
    },
  };

  function processor(options: Options): OptimizelySpanProcessor {
    const made = new OptimizelySpanProcessor(options);
    undone.push(() => void made.shutdown());
    return made;
  }

  function plainProcessor(): OptimizelySpanProcessor {
    return processor({ datafile: makeDatafile(), runtime: new ManualRuntime(), ...dispatcher() });
  }

  function directory(): string {
    const path = mkdtempSync(join(tmpdir(), 'optimizely-options-'));
    undone.push(() => rmSync(path, { recursive: true }));
    return path;
  }

  async function undo(): Promise<void> {
    for (const step of undone.splice(0).reverse()) {
      await step();
      await settle();
    }
  }

  return { make, undo };
}

function making(required: () => Options, made: (options: Options) => unknown): MakeWith {
  return (options, how) => made(how === 'as it is' ? options : { ...required(), ...options });
}
