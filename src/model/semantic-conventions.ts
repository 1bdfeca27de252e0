// SPDX-License-Identifier: Apache-2.0

export const EVENT_OPTIMIZELY_IMPRESSION = 'optimizely.impression';
export const EVENT_OPTIMIZELY_CONVERSION = 'optimizely.conversion';

/** OpenTelemetry's own: a flag was evaluated. */
export const EVENT_FEATURE_FLAG_EVALUATION = 'feature_flag.evaluation';

export const ATTR_FEATURE_FLAG_CONTEXT_ID = 'feature_flag.context.id';
export const ATTR_FEATURE_FLAG_KEY = 'feature_flag.key';
export const ATTR_FEATURE_FLAG_RESULT_VARIANT = 'feature_flag.result.variant';
export const ATTR_FEATURE_FLAG_RESULT_VALUE = 'feature_flag.result.value';
export const ATTR_FEATURE_FLAG_RESULT_REASON = 'feature_flag.result.reason';
export const ATTR_FEATURE_FLAG_PROVIDER_NAME = 'feature_flag.provider.name';
export const FEATURE_FLAG_PROVIDER_NAME_VALUE_OPTIMIZELY = 'optimizely';

export const ATTR_ERROR_TYPE = 'error.type';

/** OpenTelemetry's own: what identifies a log record. */
export const ATTR_LOG_RECORD_UID = 'log.record.uid';
/** Of a resource: the process or instance that sends. */
export const ATTR_SERVICE_INSTANCE_ID = 'service.instance.id';

export const ATTR_OPTIMIZELY_RULE_KEY = 'optimizely.rule.key';
export const ATTR_OPTIMIZELY_RULE_TYPE = 'optimizely.rule.type';
export const ATTR_OPTIMIZELY_DECISION_ENABLED = 'optimizely.decision.enabled';
export const ATTR_OPTIMIZELY_EXPERIMENT_ID = 'optimizely.experiment.id';
export const ATTR_OPTIMIZELY_CAMPAIGN_ID = 'optimizely.campaign.id';
export const ATTR_OPTIMIZELY_VARIATION_ID = 'optimizely.variation.id';
export const ATTR_OPTIMIZELY_CMAB_UUID = 'optimizely.cmab.uuid';
export const ATTR_OPTIMIZELY_EVENT_KEY = 'optimizely.event.key';
export const ATTR_OPTIMIZELY_EVENT_ID = 'optimizely.event.id';
export const ATTR_OPTIMIZELY_EVENT_UUID = 'optimizely.event.uuid';
/** One JSON object: event attributes can't nest. */
export const ATTR_OPTIMIZELY_USER_ATTRIBUTES = 'optimizely.user.attributes';
/** One JSON object: event attributes can't nest. */
export const ATTR_OPTIMIZELY_EVENT_TAGS = 'optimizely.event.tags';
