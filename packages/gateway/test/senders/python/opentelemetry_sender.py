"""Sends experiment events as log records and as span events: COUNT users each, by the standard OTEL_ variables."""
import json
import sys

from opentelemetry import trace
from opentelemetry._logs import set_logger_provider
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

import experiments

count = int(sys.argv[1])
logs = LoggerProvider()
logs.add_log_record_processor(BatchLogRecordProcessor(OTLPLogExporter()))
set_logger_provider(logs)
spans = TracerProvider()
spans.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
trace.set_tracer_provider(spans)
tracer = trace.get_tracer("shop")

for n in range(count):
    user = f"python-log-{n}"
    experiments.impression(user, "checkout_flow", "checkout_test", "treatment", {"plan": "gold"})
    experiments.conversion(user, "purchase", {"plan": "gold"}, {"revenue": 4200 + n, "value": 1.5, "sku": "ä"})
    with tracer.start_as_current_span("GET /") as span:
        span.add_event("optimizely.impression", {
            "feature_flag.context.id": f"python-span-{n}",
            "feature_flag.key": "checkout_flow",
            "optimizely.rule.key": "checkout_test",
            "feature_flag.result.variant": "treatment",
            "optimizely.user.attributes": json.dumps({"plan": "gold"}),
        })
        span.add_event("optimizely.conversion", {
            "feature_flag.context.id": f"python-span-{n}",
            "optimizely.event.key": "purchase",
            "optimizely.user.attributes": json.dumps({"plan": "gold"}),
            "optimizely.event.tags": json.dumps({"revenue": 4200 + n, "value": 1.5, "sku": "ä"}),
        })

spans.shutdown()
logs.shutdown()
