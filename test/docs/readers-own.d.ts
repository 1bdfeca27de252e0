// SPDX-License-Identifier: Apache-2.0

// What the code in the documentation takes for granted: what a reader's own service has.
declare const datafile: string;
declare const sdkKey: string;
declare const userId: string;
declare const attributes: Record<string, string | number | boolean>;
declare const user: import('@optimizely/optimizely-sdk').OptimizelyUserContext;
declare const datafileAccessToken: string;
declare const eventDispatcher: import('@optimizely/optimizely-sdk').EventDispatcher;
declare const logger: import('opentelemetry-exporter-optimizely').Logger;
declare const meterProvider: import('@opentelemetry/api').MeterProvider;
/** Of this service's own HTTP client. @returns the status */
declare function send(url: string, body: string): Promise<number>;
declare function log(line: string | number): void;
/** Of express. */
declare const app: { post(path: string, ...handlers: ExpressHandler[]): void };
declare const express: { raw(options: { type: string }): ExpressHandler };
type ExpressHandler = (
  request: { body: Buffer; headers: Record<string, string | string[] | undefined> },
  response: { sendStatus(status: number): void },
) => unknown;
declare const webhookSecret: string;
