// SPDX-License-Identifier: Apache-2.0

import type { Attributes } from '@opentelemetry/api';
import { sharedState } from '../util/shared-state.js';
import {
  ATTR_ERROR_TYPE,
  ATTR_OTEL_COMPONENT_NAME,
  ATTR_OTEL_COMPONENT_TYPE,
  ERROR_TYPE_VALUE_OTHER,
} from './metric-names.js';

const COUNTERS = Symbol.for('opentelemetry-exporter-optimizely.component-counters.v1');

const counters = sharedState(COUNTERS, () => new Map<string, number>());

/** Two copies of this package count together: under one name their figures would be added up. */
function nextInstance(type: string): number {
  const instance = counters().get(type) ?? 0;
  counters().set(type, instance + 1);
  return instance;
}

/** A user's dispatcher names its errors as it likes; each name is one more time series for every metric. */
const MAX_ERROR_TYPES = 50;

/** The attributes of one component's metrics. Sets are made once, so that counting allocates nothing. */
export class ComponentAttributes {
  readonly #plain: Attributes;
  readonly #failed = new Map<string, Attributes>();

  /** @param name by default `<type>/<n>`, where n counts the instances of the process from 0 */
  constructor(type: string, name?: string) {
    this.#plain = {
      [ATTR_OTEL_COMPONENT_TYPE]: type,
      [ATTR_OTEL_COMPONENT_NAME]: name ?? `${type}/${nextInstance(type)}`,
    };
  }

  of(errorType?: string): Attributes {
    return errorType === undefined ? this.#plain : this.#failure(errorType);
  }

  #failure(errorType: string): Attributes {
    const known = this.#failed.get(errorType);
    if (known !== undefined) return known;
    if (errorType !== ERROR_TYPE_VALUE_OTHER && (errorType === '' || this.#failed.size >= MAX_ERROR_TYPES)) {
      return this.#failure(ERROR_TYPE_VALUE_OTHER);
    }
    const attributes = { ...this.#plain, [ATTR_ERROR_TYPE]: errorType };
    this.#failed.set(errorType, attributes);
    return attributes;
  }
}
