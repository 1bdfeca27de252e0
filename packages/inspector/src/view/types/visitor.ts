// SPDX-License-Identifier: Apache-2.0

import type { ExampleView } from './diagnosis.js';
import type { ProblemView } from './list.js';

/** `/api/visitor?id=ID`: all that is kept of one visitor, the oldest first. */
export interface VisitorView {
  readonly visitorId: string;
  readonly visitorShown: string;
  /** Other visitor ids that look like this one. */
  readonly lookalikes: readonly ExampleView[];
  /** What the visitor belongs to. */
  readonly experiments: readonly VisitorExperimentView[];
  readonly moments: readonly MomentView[];
  /** Moments that are left out, the oldest ones. */
  readonly omitted: number;
}

export interface VisitorExperimentView {
  readonly id: string;
  readonly key: string;
  readonly variation: string;
  /** When it was decided: conversions after it count for the variation. */
  readonly since: number;
}

/** A decision or a conversion. */
export interface MomentView {
  /** Where it stands in the list: `/api/batches/SEQUENCE/INDEX`. */
  readonly sequence: number;
  readonly index: number;
  readonly receivedAt: number;
  readonly type: 'impression' | 'conversion';
  readonly timestamp: number | null;
  readonly subject: string;
  readonly detail: string;
  /** `unclear`: in the same millisecond as the decision, of which Optimizely's documentation says nothing. */
  readonly state: 'counted' | 'not_counted' | 'unclear';
  /** Experiments that count it, or that it decides: `banner: control`. */
  readonly countsFor: readonly string[];
  /** Why it does not count, or not everywhere, one sentence each. */
  readonly reasons: readonly string[];
  readonly problems: readonly ProblemView[];
}
