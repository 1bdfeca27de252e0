// SPDX-License-Identifier: Apache-2.0
import type {
  Attributes,
  Meter,
  MeterProvider,
  Observable,
  ObservableCallback,
  ObservableResult,
} from '@opentelemetry/api';

/** The instruments that the exporter makes. */
const COUNTERS = ['createCounter', 'createUpDownCounter'] as const;

/** Makes instruments whose measurements all have an attribute more, so that the figures of projects can be told apart. */
export function labelledMeterProvider(provider: MeterProvider, label: Attributes): MeterProvider {
  const withLabel = attributesWith(label);
  return {
    getMeter(...args) {
      const meter = provider.getMeter(...args);
      const labelled: Partial<Meter> = {
        createHistogram(name, options) {
          const histogram = meter.createHistogram(name, options);
          return { record: (value, attributes) => histogram.record(value, withLabel(attributes)) };
        },
        // To Prometheus both are gauges; but only of a gauge the page drops what is not observed any more.
        createObservableUpDownCounter: (name, options) =>
          labelledObservable(meter.createObservableGauge(name, options), withLabel),
      };
      for (const create of COUNTERS) {
        labelled[create] = (name, options) => {
          const counter = meter[create](name, options);
          return summed((value, attributes) => counter.add(value, withLabel(attributes)));
        };
      }
      return labelled as Meter;
    },
  };
}

type WithLabel = (attributes: Attributes | undefined) => Attributes;

/** The exporter has few sets of attributes, and keeps them. */
function attributesWith(label: Attributes): WithLabel {
  const known = new WeakMap<Attributes, Attributes>();
  return (attributes = label) => {
    const labelled = known.get(attributes) ?? { ...attributes, ...label };
    known.set(attributes, labelled);
    return labelled;
  };
}

type Add = (value: number, attributes: Attributes | undefined) => void;

/**
 * Adds up what comes in one go, such as the events of a request: the SDK hashes the attributes of each addition, a
 * fifteenth of what an event costs in all. Metrics are read in another turn, when all has been passed on.
 */
function summed(add: Add): { add(value: number, attributes?: Attributes): void } {
  const sums = new Map<Attributes | undefined, number>();
  const passOn = () => {
    for (const [attributes, sum] of sums) add(sum, attributes);
    sums.clear();
  };
  return {
    add(value, attributes) {
      if (sums.size === 0) queueMicrotask(passOn);
      sums.set(attributes, (sums.get(attributes) ?? 0) + value);
    },
  };
}

function labelledObservable<T extends Attributes>(
  observable: Observable<T>,
  withLabel: WithLabel,
): Observable<T> {
  const callbacks = new Map<ObservableCallback<T>, ObservableCallback<T>>();
  return {
    addCallback(callback) {
      const labelled: ObservableCallback<T> = result => {
        const forward: ObservableResult<T> = {
          observe: (value, attributes) => result.observe(value, withLabel(attributes) as T),
        };
        return callback(forward);
      };
      callbacks.set(callback, labelled);
      observable.addCallback(labelled);
    },
    removeCallback(callback) {
      const labelled = callbacks.get(callback);
      if (labelled !== undefined) observable.removeCallback(labelled);
      callbacks.delete(callback);
    },
  };
}
