// SPDX-License-Identifier: Apache-2.0

import type { ExperimentEvent, ExperimentImpression } from '../model/experiment-event.js';
import { quotedKey } from '../util/quoted-key.js';
import type { Unresolved } from './unresolved.js';

/**
 * The log line for an event that can't be resolved. It names the key at fault, if it looks like a key: keys are not personal data.
 *
 * @param revision of the datafile that does not have the key; undefined if there is no datafile
 */
export function explainUnresolved(
  event: ExperimentEvent,
  { reason, field }: Unresolved,
  revision: string | undefined,
): string {
  switch (reason) {
    case 'invalid':
      return `${event.type} dropped: its ${field} can't be serialized to JSON`;
    case 'unknown_key':
      return `${event.type} dropped: ${missingKey(event, field)} is not in datafile revision ${revision}`;
    case 'flag_decisions_off':
      return `${event.type} dropped: its rule type is rollout, and datafile revision ${revision} says not to send these (sendFlagDecisions)`;
    case 'no_experiment':
      return `${event.type} dropped: it is a flag evaluation, and no single experiment of its flag has its variation`;
  }
}

/** The log line for an impression that is sent though the datafile does not have its variation key. */
export function explainUnknownVariation(
  { flagKey, ruleKey, variationKey }: ExperimentImpression,
  revision: string,
): string {
  const of = ruleKey === '' ? `flag key ${quotedKey(flagKey)}` : `rule key ${quotedKey(ruleKey)}`;
  return `impression is sent with a null variation id: variation key ${quotedKey(variationKey)} of ${of} is not in datafile revision ${revision}`;
}

function missingKey(event: ExperimentEvent, field: string): string {
  if (event.type === 'conversion') return `event key ${quotedKey(event.eventKey)}`;
  if (field !== 'ruleKey') return `flag key ${quotedKey(event.flagKey)}`;
  const flag = event.flagKey === '' ? '' : ` of flag key ${quotedKey(event.flagKey)}`;
  const type = event.ruleType === undefined ? '' : ` and rule type ${event.ruleType}`;
  return `rule key ${quotedKey(event.ruleKey)}${flag}${type}`;
}
