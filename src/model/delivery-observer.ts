// SPDX-License-Identifier: Apache-2.0

/** Hears of every request that carries events. */
export interface DeliveryObserver {
  requestStarted(eventCount: number): void;
  /**
   * @param seconds how long it took
   * @param errorType the status, or the error's class if there was no answer; undefined if the events were delivered
   */
  requestEnded(eventCount: number, seconds: number, errorType?: string): void;
}
