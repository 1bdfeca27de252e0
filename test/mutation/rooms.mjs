// SPDX-License-Identifier: Apache-2.0

// The rooms whose mistakes cost data, and the tests that have to notice a change there: those of the room's own rules, on
// the manual clock. A mutant is tried on them in this order, until one fails: fast ones come first. What waits
// for sockets is left out: a hang is noticed late there.

export const ROOMS = {
  batch: [
    'test/memory-bounds.test.ts',
    'test/batching.test.ts',
    'test/open-batches.test.ts',
    'test/stored-events.test.ts',
    'test/store-answers.test.ts',
    'test/batcher-edges.test.ts',
    'test/settlement/settlement.test.ts',
    'test/replay-behind-live.test.ts',
    'test/growing-batches.test.ts',
    'test/event-store.test.ts',
    'test/application-objects.test.ts',
    'test/delivery.test.ts',
  ],
  export: [
    'test/answers.test.ts',
    'test/dispatcher-calls.test.ts',
    'test/log-event.test.ts',
    'test/delivery.test.ts',
    'test/batching.test.ts',
    'test/request-bytes.test.ts',
    'test/growing-batches.test.ts',
  ],
  serialize: [
    'test/decision-lookup.test.ts',
    'test/event-text.test.ts',
    'test/golden-payloads.test.ts',
    'test/given-ids.test.ts',
    'test/user-event-factory.test.ts',
    'test/process.test.ts',
    'test/record.test.ts',
    'test/datafile.test.ts',
    'test/openfeature/evaluation-events.test.ts',
    'test/stored-events.test.ts',
    'test/privacy.test.ts',
    'test/event-store.test.ts',
  ],
  privacy: [
    'test/privacy.test.ts',
    'test/openfeature/hook.test.ts',
    'test/openfeature/evaluation-events.test.ts',
    'test/raw-span-events.test.ts',
    'test/optimizely-sdk/spans.test.ts',
    'test/option-values.test.ts',
    'test/user-event-factory.test.ts',
  ],
  capture: [
    'test/capture/read-event.test.ts',
    'test/capture/derived-uuid.test.ts',
    'test/capture/otlp-agreement.test.ts',
    'test/foreign-spans.test.ts',
    'test/raw-span-events.test.ts',
    'test/logs/signal.test.ts',
    'test/record.test.ts',
    'test/process.test.ts',
    'test/openfeature/evaluation-events.test.ts',
    'test/logs/raw-log-records.test.ts',
    'test/logs/evaluation-records.test.ts',
    'test/logs/bridge.test.ts',
    'test/capture/sent-again.test.ts',
  ],
};
