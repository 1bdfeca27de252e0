//! Sends experiment events as log records and as span events: COUNT users each, by the standard OTEL_ variables.
mod experiments;

use experiments::Experiments;
use opentelemetry::logs::LoggerProvider;
use opentelemetry::trace::{Span, Tracer, TracerProvider};
use opentelemetry::KeyValue;
use opentelemetry_otlp::{LogExporter, SpanExporter};
use opentelemetry_sdk::logs::SdkLoggerProvider;
use opentelemetry_sdk::trace::SdkTracerProvider;
use serde_json::json;
use std::{env, error::Error};

fn main() -> Result<(), Box<dyn Error>> {
    let count: usize = env::args().nth(1).ok_or("usage: sender COUNT")?.parse()?;
    let logs = SdkLoggerProvider::builder()
        .with_batch_exporter(LogExporter::builder().with_http().build()?)
        .build();
    let spans = SdkTracerProvider::builder()
        .with_batch_exporter(SpanExporter::builder().with_http().build()?)
        .build();
    let experiments = Experiments(logs.logger("experiments"));
    let tracer = spans.tracer("shop");

    for n in 0..count {
        let plan = json!({ "plan": "gold" });
        let tags = json!({ "revenue": 4200 + n, "value": 1.5, "sku": "ä" });
        let user = format!("rust-log-{n}");
        experiments.impression(&user, "checkout_flow", "checkout_test", "treatment", &plan);
        experiments.conversion(&user, "purchase", &plan, &tags);

        let user = KeyValue::new("feature_flag.context.id", format!("rust-span-{n}"));
        let plan = KeyValue::new("optimizely.user.attributes", plan.to_string());
        let mut span = tracer.start("GET /");
        span.add_event(
            "optimizely.impression",
            vec![
                user.clone(),
                plan.clone(),
                KeyValue::new("feature_flag.key", "checkout_flow"),
                KeyValue::new("optimizely.rule.key", "checkout_test"),
                KeyValue::new("feature_flag.result.variant", "treatment"),
            ],
        );
        span.add_event(
            "optimizely.conversion",
            vec![
                user,
                plan,
                KeyValue::new("optimizely.event.key", "purchase"),
                KeyValue::new("optimizely.event.tags", tags.to_string()),
            ],
        );
        span.end();
    }

    spans.shutdown()?;
    logs.shutdown()?;
    Ok(())
}
