// SPDX-License-Identifier: Apache-2.0

/** A way to have events sent here. */
export interface Snippet {
  readonly id: 'variable' | 'option' | 'dispatcher';
  readonly title: string;
  readonly explanation: string;
  readonly code: string;
}

/** @param endpoint where events are sent to */
export function snippetsFor(endpoint: string): Snippet[] {
  return [
    {
      id: 'variable',
      title: 'By a variable of the environment',
      explanation:
        'No code is changed. It holds for each processor of this package that is given no endpoint.',
      code: `OPTIMIZELY_EVENTS_ENDPOINT=${endpoint} node app.js`,
    },
    {
      id: 'option',
      title: 'By an option of the span processor',
      explanation:
        'A batch leaves after 10 events, or 30 seconds after its first one; batchSize: 1 sends each at once.',
      code: `import { NodeSDK } from '@opentelemetry/sdk-node';
import { OptimizelySpanProcessor } from 'opentelemetry-exporter-optimizely';

const processor = new OptimizelySpanProcessor({
  sdkKey: 'YOUR_SDK_KEY',
  endpoint: '${endpoint}',
  batchSize: 1,
});
new NodeSDK({ spanProcessors: [processor] }).start();`,
    },
    {
      id: 'dispatcher',
      title: 'By the event dispatcher of Optimizely’s own SDK',
      explanation:
        'The SDKs of other languages take a dispatcher too: it has to post the same body to this address.',
      code: `import {
  createForwardingEventProcessor,
  createInstance,
  createPollingProjectConfigManager,
} from '@optimizely/optimizely-sdk';

const inspector = '${endpoint}';
const dispatcher = {
  async dispatchEvent({ params }) {
    const response = await fetch(inspector, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(params),
    });
    return { statusCode: response.status };
  },
};
const optimizely = createInstance({
  projectConfigManager: createPollingProjectConfigManager({
    sdkKey: 'YOUR_SDK_KEY',
  }),
  eventProcessor: createForwardingEventProcessor(dispatcher),
});`,
    },
  ];
}
