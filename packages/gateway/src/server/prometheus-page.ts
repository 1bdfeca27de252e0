// SPDX-License-Identifier: Apache-2.0
import type { MeterProvider as ApiMeterProvider } from '@opentelemetry/api';
import { PrometheusExporter, PrometheusSerializer } from '@opentelemetry/exporter-prometheus';
import { MeterProvider } from '@opentelemetry/sdk-metrics';
import type { DoorAnswer } from '../model/door.js';

/** https://prometheus.io/docs/instrumenting/exposition_formats */
const MEDIA_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

/** Collects the metrics of this process when Prometheus asks, and pushes them nowhere. */
export class PrometheusPage {
  readonly #reader = new PrometheusExporter({ preventServerStart: true });
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
