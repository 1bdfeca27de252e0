// SPDX-License-Identifier: Apache-2.0
import * as api from '@opentelemetry/api';
import { memberOf } from '../util/own-members.js';
import type { LoggerProviderLike } from './logger-emitter.js';

/**
 * Under this symbol all copies of `@opentelemetry/api-logs` meet. That package is where the log API of SDK 2.x is; an
 * application of SDK 3.x has none, so it can't be imported from here.
 */
const API_LOGS = Symbol.for('io.opentelemetry.js.api.logs');
/** Of the contract between those copies; another version of it answers with a no-op. */
const API_LOGS_VERSION = 1;

interface WithApiLogs {
  readonly [API_LOGS]?: (version: number) => LoggerProviderLike;
}

interface WithLogs {
  getLoggerProvider(): LoggerProviderLike;
}

/** The provider that the application has registered, with the log API of either SDK line. */
export function globalLoggerProvider(): LoggerProviderLike | undefined {
  return (globalThis as WithApiLogs)[API_LOGS]?.(API_LOGS_VERSION) ?? logsOfApi()?.getLoggerProvider();
}

/** `logs` is part of `@opentelemetry/api` from 1.10 on. Not read as `api.logs`: bundlers would refuse that with 1.9. */
function logsOfApi(): WithLogs | undefined {
  return memberOf(api, 'logs') as WithLogs | undefined;
}
