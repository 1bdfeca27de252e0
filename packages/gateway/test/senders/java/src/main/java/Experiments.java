import com.google.gson.Gson;
import io.opentelemetry.api.GlobalOpenTelemetry;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.logs.LogRecordBuilder;
import java.time.Instant;
import java.util.Map;

final class Experiments {
  static void impression(String userId, String flagKey, String ruleKey, String variationKey, Map<String, ?> attributes) {
    text(text(text(record("impression", userId, attributes), "feature_flag.key", flagKey),
        "optimizely.rule.key", ruleKey), "feature_flag.result.variant", variationKey).emit();
  }

  static void conversion(String userId, String eventKey, Map<String, ?> attributes, Map<String, ?> tags) {
    text(text(record("conversion", userId, attributes), "optimizely.event.key", eventKey),
        "optimizely.event.tags", new Gson().toJson(tags)).emit();
  }

  private static LogRecordBuilder record(String name, String userId, Map<String, ?> attributes) {
    LogRecordBuilder record = GlobalOpenTelemetry.get().getLogsBridge().get("experiments").logRecordBuilder()
        .setTimestamp(Instant.now()).setEventName("optimizely." + name);
    return text(text(record, "feature_flag.context.id", userId),
        "optimizely.user.attributes", new Gson().toJson(attributes));
  }

  private static LogRecordBuilder text(LogRecordBuilder record, String key, String value) {
    return record.setAttribute(AttributeKey.stringKey(key), value);
  }
}
