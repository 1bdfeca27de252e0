import json, time
from opentelemetry._logs import get_logger

logger = get_logger("experiments")

def impression(user_id, flag_key, rule_key, variation_key, attributes=None):
    emit("impression", user_id, attributes, {"feature_flag.key": flag_key,
        "optimizely.rule.key": rule_key, "feature_flag.result.variant": variation_key})

def conversion(user_id, event_key, attributes=None, tags=None):
    emit("conversion", user_id, attributes, {"optimizely.event.key": event_key,
        "optimizely.event.tags": json.dumps(tags or {})})

def emit(name, user_id, attributes, keys):
    logger.emit(timestamp=time.time_ns(), event_name=f"optimizely.{name}", attributes={
        "feature_flag.context.id": user_id,
        "optimizely.user.attributes": json.dumps(attributes or {}), **keys})
