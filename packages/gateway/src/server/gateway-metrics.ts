// SPDX-License-Identifier: Apache-2.0
import type { Meter } from '@opentelemetry/api';
import type { EventCount, ProjectState } from '../model/engine.js';
import type { DoorName } from './routes.js';
import { SenderLabels } from './sender-labels.js';

/** What is observed when the metrics are asked for. */
export interface Observed {
  projects(): readonly ProjectState[];
  requestBytesInFlight(): number;
  connections(): number;
}

/** Seconds. */
const DURATIONS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 7.5, 10];

const DOOR = 'optimizely.gateway.door';
const OUTCOME = 'optimizely.gateway.outcome';
const PROJECT = 'optimizely.project';
const SENDER = 'optimizely.gateway.sender';
const STATUS = 'http.response.status_code';

/** The gateway's own figures; those of each project's delivery are the exporter's. docs/gateway.md has the table. */
export class GatewayMetrics {
  readonly #requests;
  readonly #duration;
  readonly #events;
  readonly #senders = new SenderLabels();

  constructor(meter: Meter) {
    this.#requests = meter.createCounter('optimizely.gateway.requests', {
      unit: '{request}',
      description: 'Requests that were answered.',
    });
    this.#duration = meter.createHistogram('optimizely.gateway.receipt.duration', {
      unit: 's',
      description: 'From the first byte of a request to its answer.',
      advice: { explicitBucketBoundaries: DURATIONS },
    });
    this.#events = meter.createCounter('optimizely.gateway.events', {
      unit: '{event}',
      description: 'Events that a receipt was given for.',
    });
  }

  answered(door: DoorName, status: number, seconds: number): void {
    this.#requests.add(1, { [DOOR]: door, [STATUS]: status });
    if (status < 300) this.#duration.record(seconds, { [DOOR]: door });
  }

  readonly count = ({ door, project, sender, outcome, count }: EventCount): void => {
    this.#events.add(count, {
      [DOOR]: door,
      [PROJECT]: project,
      [SENDER]: this.#senders.labelOf(sender),
      [OUTCOME]: outcome,
    });
  };
}

/** Registers what is observed once there is something to observe. */
export function observeGateway(meter: Meter, observed: Observed): void {
  const events = meter.createObservableGauge('optimizely.gateway.outstanding.events', {
    unit: '{event}',
    description: 'Events that were taken and whose receipt is still open.',
  });
  const bytes = meter.createObservableGauge('optimizely.gateway.outstanding.bytes', {
    unit: 'By',
    description: 'The same, in bytes of payload.',
  });
  const ready = meter.createObservableGauge('optimizely.gateway.project.ready', {
    description: '1 while the project takes events, else 0.',
  });
  const age = meter.createObservableGauge('optimizely.gateway.datafile.age', {
    unit: 's',
    description: 'Since the datafile was last known to be current.',
  });
  meter.addBatchObservableCallback(
    result => {
      for (const project of observed.projects()) {
        const attributes = { [PROJECT]: project.name };
        result.observe(events, project.outstandingEvents, attributes);
        result.observe(bytes, project.outstandingBytes, attributes);
        result.observe(ready, project.notReady === undefined ? 1 : 0, attributes);
        if (project.datafileAgeMillis !== undefined)
          result.observe(age, project.datafileAgeMillis / 1_000, attributes);
      }
    },
    [events, bytes, ready, age],
  );
  meter
    .createObservableGauge('optimizely.gateway.request.bytes', {
      unit: 'By',
      description: 'Memory of the requests that are being read or wait for their receipt.',
    })
    .addCallback(result => result.observe(observed.requestBytesInFlight()));
  meter
    .createObservableGauge('optimizely.gateway.connections', {
      unit: '{connection}',
      description: 'Open connections.',
    })
    .addCallback(result => result.observe(observed.connections()));
}
