// SPDX-License-Identifier: Apache-2.0

// Which test files run when. A test file loads the package's source (tsconfig.json leads the package's names to src/);
// the few below also run what `npm run build` makes of it: in plain node processes, in a browser, or as a tarball.

/** These run dist/ or the packed tarball, in processes of their own. */
export const RUN_THE_BUILD = [
  'test/api-copies.test.ts',
  'test/byte-order-mark.test.ts',
  'test/chaos.test.ts',
  'test/cli/',
  'test/demo.test.ts',
  'test/docs.test.ts',
  'test/draining.test.ts',
  'test/example-official-sdk.test.ts',
  'test/examples.test.ts',
  'test/exit.test.ts',
  'test/from-env.test.ts',
  'test/hostile-process.test.ts',
  'test/polluted-prototype.test.ts',
  'test/http/loaded-late.test.ts',
  'test/http/process-lifetime.test.ts',
  'test/http/without-undici.test.ts',
  'test/instrumentation/loading.test.ts',
  'test/logging.test.ts',
  'test/logging/defaults.test.ts',
  'test/logging/startup.test.ts',
  'test/logs/example.test.ts',
  'test/memory.test.ts',
  'test/openfeature/example.test.ts',
  'test/package.test.ts',
  'test/polling.test.ts',
  'test/readme/',
  'test/testing/local-events-endpoint.test.ts',
  'test/workers.test.ts',
  'packages/gateway/test/command.test.ts',
  'packages/gateway/test/faults.test.ts',
  'packages/gateway/test/kafka.test.ts',
  'packages/gateway/test/package.test.ts',
  'packages/gateway/test/relay-faults.test.ts',
  'packages/inspector/test/attach-inspector.test.ts',
  'packages/inspector/test/command.test.ts',
  'packages/inspector/test/experiments.test.ts',
  'packages/inspector/test/list.test.ts',
  'packages/inspector/test/package.test.ts',
  'packages/inspector/test/page/',
  'packages/inspector/test/problems.test.ts',
  'packages/inspector/test/sample.test.ts',
  'packages/inspector/test/sdk-payloads.test.ts',
  'packages/inspector/test/server.test.ts',
  'packages/inspector/test/validate.test.ts',
];

/** These take long: millions of random values, whole disks, the official SDK beside, real servers and SDKs. */
export const LONG = [
  'packages/gateway/test/collector.test.ts',
  'packages/gateway/test/jetstream-credentials.test.ts',
  'packages/gateway/test/jetstream-dispatcher.test.ts',
  'packages/gateway/test/nats-link.test.ts',
  'packages/gateway/test/real-senders.test.ts',
  'packages/gateway/test/relay-hostile.test.ts',
  'packages/gateway/test/relay.test.ts',
  'packages/gateway/test/stranded-messages.test.ts',
  'packages/gateway/test/stream-away.test.ts',
  'test/hostile-input.test.ts',
  'test/optimizely-sdk/batch-for-batch.test.ts',
  'test/recording-from-within.test.ts',
  'test/referee.test.ts',
  'test/store/adoption.test.ts',
  'test/store/ownership.test.ts',
];

/** These are for the night. */
export const NIGHTLY = ['test/chaos.test.ts'];

/** Where test files are. */
export const SPEC_FOLDERS = ['test', 'packages'];

/** @returns whether the list names the file, or a folder that it is in */
export function isIn(list, file) {
  return list.some(entry => (entry.endsWith('/') ? file.startsWith(entry) : file === entry));
}
