// SPDX-License-Identifier: Apache-2.0

/**
 * A gateway for experiment events of any language.
 *
 * @module optimizely-event-gateway
 */

export type { Receipt } from './model/receipt.js';
