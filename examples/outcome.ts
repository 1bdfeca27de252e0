// SPDX-License-Identifier: Apache-2.0
import type { LedgerSnapshot } from 'opentelemetry-exporter-optimizely';
import type { LocalEventsEndpoint, ReceivedEvent } from 'opentelemetry-exporter-optimizely/testing';

/** Says what should be so. Where it is not, the example ends with exit code 1. */
export function check(what: string, holds: boolean): void {
  console.log(holds ? `  yes: ${what}` : `  NOT AS IT SHOULD BE: ${what}`);
  if (!holds) process.exitCode = 1;
}

/** An example that hangs is not as it should be either. */
export function endWithin(millis: number): void {
  const end = () => {
    check(`it ends within ${millis / 1_000} s`, false);
    process.exit();
  };
  setTimeout(end, millis).unref();
}

/** Where every event is: the two sides are equal at all times. */
export function ledgerLine({
  recorded,
  recovered,
  delivered,
  stored,
  pending,
  dropped,
}: LedgerSnapshot): string {
  const reasons = Object.entries(dropped).map(([reason, count]) => `${reason} ${count}`);
  const into = `delivered ${delivered} + stored ${stored} + pending ${pending}`;
  return `recorded ${recorded} + recovered ${recovered} = ${into} + dropped ${reasons.join(', ') || 0}`;
}

/** The events that the endpoint took, in order of arrival. */
export function arrivedAt({ batches }: LocalEventsEndpoint): ReceivedEvent[] {
  return batches.filter(({ statusCode }) => statusCode < 300).flatMap(({ events }) => events);
}

/** Why Optimizely would not count some of them. */
export function problemsAt(endpoint: LocalEventsEndpoint): string[] {
  return arrivedAt(endpoint).flatMap(({ problems }) => problems.map(({ message }) => message));
}
