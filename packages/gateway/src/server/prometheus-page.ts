// SPDX-License-Identifier: Apache-2.0
import type { MeterProvider as ApiMeterProvider } from '@opentelemetry/api';
import { PrometheusSerializer } from '@opentelemetry/exporter-prometheus';
import {
  AggregationTemporality,
  InstrumentType,
  MeterProvider,
  MetricReader,
} from '@opentelemetry/sdk-metrics';
import type { DoorAnswer } from '../model/door.js';

/** https://prometheus.io/docs/instrumenting/exposition_formats */
const MEDIA_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

/**
 * Series of one metric. Above the SDK's own 2,000 all others would be one series without attributes, and a fleet of
 * projects and senders has more.
 */
const MAX_SERIES = 50_000;

/** Collects the metrics of this process when Prometheus asks, and pushes them nowhere. */
export class PrometheusPage {
  readonly #reader = new PageReader();
  readonly #serializer = new PrometheusSerializer();
  readonly #provider = new MeterProvider({ readers: [this.#reader] });

  get meterProvider(): ApiMeterProvider {
    return this.#provider;
  }

  async answer(): Promise<DoorAnswer> {
    const { resourceMetrics } = await this.#reader.collect();
    return {
      status: 200,
      headers: { 'content-type': MEDIA_TYPE, 'cache-control': 'no-store' },
      body: this.#serializer.serialize(resourceMetrics),
    };
  }

  async close(): Promise<void> {
    await this.#provider.shutdown();
  }
}

class PageReader extends MetricReader {
  constructor() {
    super({
      // A gauge has what was observed now. Otherwise the SDK shows the last value of a project for ever that is gone.
      aggregationTemporalitySelector: type =>
        type === InstrumentType.OBSERVABLE_GAUGE
          ? AggregationTemporality.DELTA
          : AggregationTemporality.CUMULATIVE,
      cardinalitySelector: () => MAX_SERIES,
    });
  }

  protected override async onForceFlush(): Promise<void> {}

  protected override async onShutdown(): Promise<void> {}
}
