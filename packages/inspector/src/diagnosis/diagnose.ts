// SPDX-License-Identifier: Apache-2.0
import type { DiagnosisView } from '../view/types.js';

export const NOTHING_YET: DiagnosisView = {
  state: 'waiting',
  rootCause: undefined,
  headline: 'Nothing has arrived yet.',
  checks: [],
};
