// Sends experiment events as log records and as span events: COUNT users each.
//
// node opentelemetry-sender.mjs proto|http FILE COUNT, with packages as FILE would find them
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

const [, , encoding, from, count] = process.argv;
const endpoint = process.env.OTEL_EXPORTER_OTLP_ENDPOINT;
const require = createRequire(from);
const load = name => import(pathToFileURL(require.resolve(name)).href);

const { OTLPTraceExporter } = await load(`@opentelemetry/exporter-trace-otlp-${encoding}`);
const { OTLPLogExporter } = await load(`@opentelemetry/exporter-logs-otlp-${encoding}`);
const { TracerProvider, BatchSpanProcessor } = await load('@opentelemetry/sdk-trace');
const { LoggerProvider, BatchLogRecordProcessor } = await load('@opentelemetry/sdk-logs');

const traceExporter = new OTLPTraceExporter({ url: `${endpoint}/v1/traces` });
const logExporter = new OTLPLogExporter({ url: `${endpoint}/v1/logs` });
const spans = new TracerProvider({ spanProcessors: [new BatchSpanProcessor({ exporter: traceExporter })] });
const logs = new LoggerProvider({ processors: [new BatchLogRecordProcessor({ exporter: logExporter })] });
const tracer = spans.getTracer('shop');
const logger = logs.getLogger('shop');

const attributesOf = (userId, name, n) => ({
  'feature_flag.context.id': userId,
  'optimizely.user.attributes': '{"plan":"gold"}',
  ...(name === 'impression'
    ? {
        'feature_flag.key': 'checkout_flow',
        'optimizely.rule.key': 'checkout_test',
        'feature_flag.result.variant': 'treatment',
      }
    : {
        'optimizely.event.key': 'purchase',
        'optimizely.event.tags': JSON.stringify({ revenue: 4200 + n, value: 1.5, sku: 'ä' }),
      }),
});

for (let n = 0; n < Number(count); n++) {
  const span = tracer.startSpan('GET /');
  for (const name of ['impression', 'conversion']) {
    span.addEvent(`optimizely.${name}`, attributesOf(`js-span-${n}`, name, n));
    logger.emit({
      eventName: `optimizely.${name}`,
      timestamp: Date.now(),
      attributes: attributesOf(`js-log-${n}`, name, n),
    });
  }
  span.end();
}
await spans.shutdown();
await logs.shutdown();
