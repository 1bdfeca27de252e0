// SPDX-License-Identifier: Apache-2.0

/**
 * Events over NATS JetStream, for Node applications whose disks do not last.
 *
 * @module optimizely-event-gateway/jetstream
 */

export type { NatsConnectionOptions, StreamOptions } from '../model/relay-options.js';
export type { Runtime } from '../model/runtime.js';
export type { JetStreamDispatcher, JetStreamDispatcherOptions } from './jetstream-dispatcher.js';
export { createJetStreamDispatcher } from './jetstream-dispatcher.js';
