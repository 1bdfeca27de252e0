use opentelemetry::logs::{LogRecord, Logger};
use serde_json::Value;
use std::time::SystemTime;

pub struct Experiments<L: Logger>(pub L);

impl<L: Logger> Experiments<L> {
    pub fn impression(&self, user_id: &str, flag_key: &str, rule_key: &str, variation_key: &str, attributes: &Value) {
        self.emit("optimizely.impression", user_id, attributes, [("feature_flag.key", flag_key.to_owned()),
            ("optimizely.rule.key", rule_key.to_owned()), ("feature_flag.result.variant", variation_key.to_owned())]);
    }

    pub fn conversion(&self, user_id: &str, event_key: &str, attributes: &Value, tags: &Value) {
        self.emit("optimizely.conversion", user_id, attributes,
            [("optimizely.event.key", event_key.to_owned()), ("optimizely.event.tags", tags.to_string())]);
    }

    fn emit<const N: usize>(&self, name: &'static str, user_id: &str, attributes: &Value, keys: [(&'static str, String); N]) {
        let mut record = self.0.create_log_record();
        record.set_event_name(name);
        record.set_timestamp(SystemTime::now());
        record.add_attribute("feature_flag.context.id", user_id.to_owned());
        record.add_attribute("optimizely.user.attributes", attributes.to_string());
        record.add_attributes(keys);
        self.0.emit(record);
    }
}
