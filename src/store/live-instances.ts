// SPDX-License-Identifier: Apache-2.0
import { sharedState } from '../util/shared-state.js';

const KEY = Symbol.for('opentelemetry-exporter-optimizely.store.v1');

/** Paths of the instance directories in use by this thread, by whatever copy of the package. */
export const liveInstances = sharedState(KEY, () => new Set<string>());
