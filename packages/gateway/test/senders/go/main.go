// Sends experiment events as log records and as span events: COUNT users each, by the standard OTEL_ variables.
package main

import (
	"context"
	"fmt"
	"log"
	"os"
	"strconv"

	"example.com/senders/experiments"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlplog/otlploghttp"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/log/global"
	sdklog "go.opentelemetry.io/otel/sdk/log"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

func main() {
	ctx := context.Background()
	count := must(strconv.Atoi(os.Args[1]))
	logs := sdklog.NewLoggerProvider(sdklog.WithProcessor(sdklog.NewBatchProcessor(must(otlploghttp.New(ctx)))))
	global.SetLoggerProvider(logs)
	spans := sdktrace.NewTracerProvider(sdktrace.WithBatcher(must(otlptracehttp.New(ctx))))
	tracer := spans.Tracer("shop")

	for n := range count {
		attributes := map[string]any{"plan": "gold"}
		tags := map[string]any{"revenue": 4200 + n, "value": 1.5, "sku": "ä"}
		user := fmt.Sprintf("go-log-%d", n)
		experiments.Impression(ctx, user, "checkout_flow", "checkout_test", "treatment", attributes)
		experiments.Conversion(ctx, user, "purchase", attributes, tags)

		_, span := tracer.Start(ctx, "GET /")
		userID := attribute.String("feature_flag.context.id", fmt.Sprintf("go-span-%d", n))
		plan := attribute.String("optimizely.user.attributes", `{"plan":"gold"}`)
		span.AddEvent("optimizely.impression", trace.WithAttributes(userID, plan,
			attribute.String("feature_flag.key", "checkout_flow"),
			attribute.String("optimizely.rule.key", "checkout_test"),
			attribute.String("feature_flag.result.variant", "treatment")))
		span.AddEvent("optimizely.conversion", trace.WithAttributes(userID, plan,
			attribute.String("optimizely.event.key", "purchase"),
			attribute.String("optimizely.event.tags", fmt.Sprintf(`{"revenue":%d,"value":1.5,"sku":"ä"}`, 4200+n))))
		span.End()
	}

	check(spans.Shutdown(ctx))
	check(logs.Shutdown(ctx))
}

func must[T any](value T, err error) T {
	check(err)
	return value
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
