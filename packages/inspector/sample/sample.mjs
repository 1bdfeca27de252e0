// sample.mjs
import { trace } from '@opentelemetry/api';
import { NodeSDK } from '@opentelemetry/sdk-node';
import {
  OptimizelySpanProcessor,
  PollingProjectConfigManager,
  recordConversion,
  recordImpression,
} from 'opentelemetry-exporter-optimizely';

const inspector = 'http://127.0.0.1:4319';
const processor = new OptimizelySpanProcessor({
  projectConfigManager: new PollingProjectConfigManager({ urlTemplate: `${inspector}/datafiles/sample.json` }),
  endpoint: `${inspector}/v1/events`,
});
const sdk = new NodeSDK({ spanProcessors: [processor] });
sdk.start();
for (let visitor = 1; visitor <= 20; visitor++) {
  trace.getTracer('sample').startActiveSpan('GET /checkout', span => {
    const userId = `visitor-${visitor}`;
    const variationKey = visitor % 2 ? 'three_steps' : 'one_page';
    recordImpression({ userId, flagKey: 'checkout_flow', ruleKey: 'checkout_flow_test', variationKey });
    if (visitor % 4 < 2) recordConversion({ userId, eventKey: 'purchase', tags: { revenue: 4200 } });
    span.end();
  });
}
sdk.shutdown().then(() => console.log(processor.ledger()), console.error);
