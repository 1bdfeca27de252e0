// SPDX-License-Identifier: Apache-2.0
import type { Meter, MeterProvider, Observable, ObservableCallback } from '@opentelemetry/api';
import type { DeliveryObserver } from '../model/delivery-observer.js';
import type { DropReason } from '../model/drop-reason.js';
import type { Logger } from '../model/logger.js';
import { errorLabel } from '../util/error-label.js';
import { isStackOverflow } from '../util/guard.js';
import { noopLogger } from '../util/guarded-logger.js';
import { CLIENT_NAME, CLIENT_VERSION } from '../util/version.js';
import { ComponentAttributes } from './component-attributes.js';
import { createInstruments, type Instruments } from './instruments.js';
import {
  ATTR_HTTP_RESPONSE_STATUS_CODE,
  COMPONENT_TYPE_EXPORTER,
  COMPONENT_TYPE_PROCESSOR,
} from './metric-names.js';

export interface SelfObservabilityOptions {
  /** Undefined if nothing is measured. */
  readonly meterProvider: MeterProvider | undefined;
  /** `otel.component.name` of processor and exporter. @default their type and a number: `<type>/<n>` */
  readonly componentName?: string | undefined;
  /** `maxQueueSize`. */
  readonly capacity: number;
  /** The ledger's `pending`. */
  readonly queueSize: () => number;
  /** The ledger's `stored`. */
  readonly storedCount: () => number;
  /** Hears, once, that the meter provider failed. @default none */
  readonly logger?: Logger | undefined;
}

interface Measuring {
  readonly instruments: Instruments;
  readonly processor: ComponentAttributes;
  readonly exporter: ComponentAttributes;
  readonly stopObserving: () => void;
}

/**
 * The ledger and the delivery as metrics. A meter provider that throws is not asked again, so that it costs figures and
 * never an event: wrong figures would be worse than none.
 */
export class SelfObservability implements DeliveryObserver {
  readonly #logger: Logger;
  #measuring: Measuring | undefined;

  constructor(options: SelfObservabilityOptions) {
    const { meterProvider, logger = noopLogger } = options;
    this.#logger = logger;
    if (meterProvider === undefined) return;
    try {
      const meter: unknown = meterProvider.getMeter(CLIENT_NAME, CLIENT_VERSION);
      // Unhandled, its rejection would end the process.
      if (meter instanceof Promise) meter.catch(() => {});
      this.#measuring = startMeasuring(meter as Meter, options);
    } catch (error) {
      this.#failed(error);
    }
  }

  /** False where there is no meter provider, or it has failed. */
  get isMeasuring(): boolean {
    return this.#measuring !== undefined;
  }

  /** Events were given to the processor. */
  recorded(count: number): void {
    // Here and below: not even the closure where nothing is measured.
    if (this.#measuring === undefined) return;
    this.#measure(({ instruments, processor }) => instruments.recorded.add(count, processor.of()));
  }

  /**
   * The processor is done with events.
   *
   * @param errorType why they were dropped; undefined if they were delivered
   */
  processed(count: number, errorType?: DropReason): void {
    // Nothing would still make a time series.
    if (count === 0 || this.#measuring === undefined) return;
    this.#measure(({ instruments, processor }) => instruments.processed.add(count, processor.of(errorType)));
  }

  /** A stream has events, from which another process delivers them. */
  streamed(count: number): void {
    if (count === 0 || this.#measuring === undefined) return;
    this.#measure(({ instruments, processor }) => instruments.streamed.add(count, processor.of()));
  }

  requestStarted(eventCount: number): void {
    if (this.#measuring === undefined) return;
    this.#measure(({ instruments, exporter }) => instruments.inflight.add(eventCount, exporter.of()));
  }

  requestEnded(eventCount: number, seconds: number, errorType?: string): void {
    if (this.#measuring === undefined) return;
    this.#measure(({ instruments, exporter }) => {
      const attributes = exporter.of(errorType);
      instruments.inflight.add(-eventCount, exporter.of());
      instruments.exported.add(eventCount, attributes);
      instruments.duration.record(
        seconds,
        errorType !== undefined && HTTP_STATUS.test(errorType)
          ? { ...attributes, [ATTR_HTTP_RESPONSE_STATUS_CODE]: Number(errorType) }
          : attributes,
      );
    });
  }

  /**
   * Ends the observation of queue and store, which the meter provider would otherwise keep in memory. Counters go on:
   * an event that comes after shutdown is counted too.
   */
  shutdown(): void {
    this.#measure(({ stopObserving }) => stopObserving());
  }

  #measure(measurement: (measuring: Measuring) => void): void {
    const measuring = this.#measuring;
    if (measuring === undefined) return;
    try {
      measurement(measuring);
    } catch (error) {
      // No fault of the meter provider's.
      if (isStackOverflow(error)) return;
      this.#measuring = undefined;
      this.#failed(error);
      attemptAnyway(measuring.stopObserving);
    }
  }

  #failed(error: unknown): void {
    this.#logger.warn(`selfObsMeterProvider fails: ${errorLabel(error)}; the package's own metrics are off`);
  }
}

const HTTP_STATUS = /^[1-5]\d\d$/;

function startMeasuring(meter: Meter, options: SelfObservabilityOptions): Measuring {
  const { componentName, capacity, queueSize, storedCount } = options;
  const instruments = createInstruments(meter);
  const processor = new ComponentAttributes(COMPONENT_TYPE_PROCESSOR, componentName);
  const exporter = new ComponentAttributes(COMPONENT_TYPE_EXPORTER, componentName);
  // One callback each: a store that throws when it is asked takes no other figure with it.
  const observing = [
    observe(instruments.queueCapacity, () => capacity, processor),
    observe(instruments.queueSize, queueSize, processor),
    observe(instruments.stored, storedCount, processor),
  ];
  const stopObserving = () => {
    for (const stop of observing) stop();
  };
  return { instruments, processor, exporter, stopObserving };
}

function observe(instrument: Observable, read: () => number, component: ComponentAttributes): () => void {
  const callback: ObservableCallback = result => result.observe(read(), component.of());
  instrument.addCallback(callback);
  return () => instrument.removeCallback(callback);
}

function attemptAnyway(action: () => void): void {
  try {
    action();
  } catch {
    // It was said already that the meter provider fails.
  }
}
