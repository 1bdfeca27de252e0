// SPDX-License-Identifier: Apache-2.0

/** What is configured is read after all that was loaded. */
const nothingToReload = () => {};
/** Nothing was taken yet, so there is nothing to deliver. */
const end = () => process.exit(0);

const LISTENERS = [
  ['SIGHUP', nothingToReload],
  ['SIGTERM', end],
  ['SIGINT', end],
] as const;

/** While the gateway is being loaded, signals mean what they do later: without a listener, each would end the process. */
export function listenWhileLoading(): void {
  for (const [signal, listener] of LISTENERS) process.on(signal, listener);
}

/** Those of the gateway have been installed. */
export function stopListening(): void {
  for (const [signal, listener] of LISTENERS) process.off(signal, listener);
}
