// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';

/** The API reference: `npm run docs` writes it to api-docs/, from the doc comments of all that `exports` offers. */
const { exports } = JSON.parse(readFileSync(new URL('package.json', import.meta.url), 'utf8'));

/** @type {Partial<import('typedoc').TypeDocOptions>} */
export default {
  name: 'opentelemetry-exporter-optimizely',
  includeVersion: true,
  // One for each subpath: ./dist/testing/index.js is built of src/testing/index.ts.
  entryPoints: Object.values(exports)
    .filter(entry => typeof entry === 'object')
    .map(entry => entry.import.default.replace(/^\.\/dist\/(.*)\.js$/, 'src/$1.ts')),
  out: 'api-docs',
  readme: 'none',
  disableSources: true,
  hideGenerator: true,
  // `npm run typecheck` has done it.
  skipErrorChecking: true,
  // Our defaults are sentences as often as values.
  jsDocCompatibility: { defaultTag: false },
  // Members that are inherited from the instrumentation API link to its types.
  externalSymbolLinkMappings: { '@opentelemetry/instrumentation': { '*': '#' } },
  validation: { invalidLink: true, invalidPath: true, notExported: true, rewrittenLink: true },
  treatWarningsAsErrors: true,
  // Seen through the members of public types only: the main entry has few names, so that it can keep them.
  intentionallyNotExported: [
    'AttributeValue',
    'DeliveryObserver',
    'DispatchOptions',
    'EndedSpan',
    'EventContext',
    'ExperimentEventType',
    'FlushCause',
    'InferredRule',
    'LedgerWarning',
    'NotificationListeners',
    'NotificationSender',
    'RetryOptions',
    'Rule',
    'RuleType',
    'ShutdownTarget',
    'StartedSpan',
    'Visitor',
    'WaitUntil',
  ],
};
