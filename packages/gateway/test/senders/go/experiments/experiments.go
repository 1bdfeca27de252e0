package experiments

import (
	"context"
	"encoding/json"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/log"
	"go.opentelemetry.io/otel/log/global"
)

func Impression(ctx context.Context, userID, flagKey, ruleKey, variationKey string, attributes map[string]any) {
	emit(ctx, "impression", userID, attributes, attribute.String("feature_flag.key", flagKey),
		attribute.String("optimizely.rule.key", ruleKey), attribute.String("feature_flag.result.variant", variationKey))
}

func Conversion(ctx context.Context, userID, eventKey string, attributes, tags map[string]any) {
	text, _ := json.Marshal(tags)
	emit(ctx, "conversion", userID, attributes, attribute.String("optimizely.event.key", eventKey),
		attribute.String("optimizely.event.tags", string(text)))
}

func emit(ctx context.Context, name, userID string, attributes map[string]any, keys ...attribute.KeyValue) {
	text, _ := json.Marshal(attributes)
	var record log.Record
	record.SetTimestamp(time.Now())
	record.SetEventName("optimizely." + name)
	record.AddAttributes(attribute.String("feature_flag.context.id", userID), attribute.String("optimizely.user.attributes", string(text)))
	record.AddAttributes(keys...)
	global.GetLoggerProvider().Logger("experiments").Emit(ctx, record)
}
