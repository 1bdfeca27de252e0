import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.exporter.otlp.http.logs.OtlpHttpLogRecordExporter;
import io.opentelemetry.exporter.otlp.http.trace.OtlpHttpSpanExporter;
import io.opentelemetry.sdk.OpenTelemetrySdk;
import io.opentelemetry.sdk.logs.SdkLoggerProvider;
import io.opentelemetry.sdk.logs.export.BatchLogRecordProcessor;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.export.BatchSpanProcessor;
import java.util.Map;

/** Sends experiment events as log records and as span events: COUNT users each, to ENDPOINT. */
final class OpenTelemetrySender {
  public static void main(String[] arguments) {
    int count = Integer.parseInt(arguments[0]);
    String endpoint = System.getenv("OTEL_EXPORTER_OTLP_ENDPOINT");
    OpenTelemetrySdk sdk = OpenTelemetrySdk.builder()
        .setTracerProvider(SdkTracerProvider.builder()
            .addSpanProcessor(BatchSpanProcessor.builder(
                OtlpHttpSpanExporter.builder().setEndpoint(endpoint + "/v1/traces").build()).build())
            .build())
        .setLoggerProvider(SdkLoggerProvider.builder()
            .addLogRecordProcessor(BatchLogRecordProcessor.builder(
                OtlpHttpLogRecordExporter.builder().setEndpoint(endpoint + "/v1/logs").build()).build())
            .build())
        .buildAndRegisterGlobal();
    Map<String, String> attributes = Map.of("plan", "gold");
    for (int n = 0; n < count; n++) {
      Map<String, Object> tags = Map.of("revenue", 4200 + n, "value", 1.5, "sku", "ä");
      Experiments.impression("java-log-" + n, "checkout_flow", "checkout_test", "treatment", attributes);
      Experiments.conversion("java-log-" + n, "purchase", attributes, tags);

      Span span = sdk.getTracer("shop").spanBuilder("GET /").startSpan();
      span.addEvent("optimizely.impression", Attributes.builder()
          .put("feature_flag.context.id", "java-span-" + n)
          .put("feature_flag.key", "checkout_flow")
          .put("optimizely.rule.key", "checkout_test")
          .put("feature_flag.result.variant", "treatment")
          .put("optimizely.user.attributes", "{\"plan\":\"gold\"}")
          .build());
      span.addEvent("optimizely.conversion", Attributes.builder()
          .put("feature_flag.context.id", "java-span-" + n)
          .put("optimizely.event.key", "purchase")
          .put("optimizely.user.attributes", "{\"plan\":\"gold\"}")
          .put("optimizely.event.tags", "{\"revenue\":" + (4200 + n) + ",\"value\":1.5,\"sku\":\"ä\"}")
          .build());
      span.end();
    }
    sdk.close();
  }
}
