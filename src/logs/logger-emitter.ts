// SPDX-License-Identifier: Apache-2.0
import type { LogRecordEmitter, OutgoingLogRecord } from '../model/log-record-port.js';
import { memberOf } from '../util/own-members.js';
import { CLIENT_NAME, CLIENT_VERSION } from '../util/version.js';

/** What is used of a logger: of both SDK lines. */
export interface LoggerLike {
  emit(record: object): void;
  enabled?(options: object): boolean;
}

export interface LoggerProviderLike {
  getLogger(name: string, version?: string): LoggerLike;
}

/** `SeverityNumber.INFO` of the log API, which need not be installed. */
const INFO = 9;

/** Emits through the logger provider that is in force when a record comes. */
export class LoggerEmitter implements LogRecordEmitter {
  readonly #providerInForce: () => LoggerProviderLike | undefined;
  #provider: LoggerProviderLike | undefined;
  #logger: LoggerLike | undefined;

  constructor(providerInForce: () => LoggerProviderLike | undefined) {
    this.#providerInForce = providerInForce;
  }

  emit(record: OutgoingLogRecord): boolean {
    const logger = this.#currentLogger();
    if (logger === undefined) return false;
    const withSeverity = { ...record, severityNumber: INFO };
    if (memberOf(logger, 'enabled')?.call(logger, withSeverity) === false) return false;
    logger.emit(withSeverity);
    return true;
  }

  #currentLogger(): LoggerLike | undefined {
    const provider = this.#providerInForce();
    if (provider !== this.#provider) {
      this.#logger = provider?.getLogger(CLIENT_NAME, CLIENT_VERSION);
      this.#provider = provider;
    }
    return this.#logger;
  }
}
