// SPDX-License-Identifier: Apache-2.0
import type { Gateway } from '../gateway.js';
import type { GatewayOptions } from '../options/gateway-options.js';
import { start } from '../start-gateway.js';
import { systemRuntime } from '../util/system-runtime.js';
import { stopListening } from './loading-signals.js';
import { asFlag } from './read-flags.js';

const ENDING = ['SIGTERM', 'SIGINT'] as const;

/**
 * Runs until a signal ends it.
 *
 * @returns the exit code
 * @throws (rejects) as `startGateway`
 */
export async function runGateway(options: GatewayOptions): Promise<number> {
  let gateway: Gateway | undefined;
  const asked = nextSignal();
  let isReloadAsked = false;
  const reload = () => {
    if (gateway === undefined) isReloadAsked = true;
    else void gateway.reload();
  };
  // From the start on: without a listener it would end the process.
  process.on('SIGHUP', reload);
  stopListening();
  // What it waits for, sockets aside, keeps no process alive.
  const alive = systemRuntime.setTimer(() => {}, Number.POSITIVE_INFINITY);
  alive.ref();
  try {
    gateway = await start(options, asFlag);
    // What was asked meanwhile may have come after the file was read.
    if (isReloadAsked) reload();
    await asked;
    const again = nextSignal();
    return await Promise.race([gateway.close().then(() => 0), again.then(leaveToSenders)]);
  } finally {
    alive.clear();
    process.off('SIGHUP', reload);
  }
}

/**
 * At the exit, the exporter would say that what it has in memory is lost. Here it is not: no sender has a receipt for it
 * yet, or the store or the stream has it too.
 */
function leaveToSenders(): number {
  process.removeAllListeners('exit');
  return 1;
}

function nextSignal(): Promise<void> {
  return new Promise(resolve => {
    const stop = () => {
      for (const signal of ENDING) process.off(signal, stop);
      resolve();
    };
    for (const signal of ENDING) process.on(signal, stop);
  });
}
