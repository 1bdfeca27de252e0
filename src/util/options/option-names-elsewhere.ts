// SPDX-License-Identifier: Apache-2.0

/**
 * What options are called in Optimizely's SDKs and in OpenTelemetry's processors and exporters, spelled as `plainName`
 * does, and what that is here. Of several, the first that the class has is meant.
 */
const NAMES: Readonly<Record<string, readonly string[]>> = {
  // OpenTelemetry's BatchSpanProcessor and OTLP exporters.
  maxexportbatchsize: ['batchSize'],
  scheduleddelay: ['flushIntervalMillis'],
  scheduledelay: ['flushIntervalMillis'],
  exporttimeout: ['requestTimeoutMillis', 'timeoutIntervalMillis'],
  exportinterval: ['flushIntervalMillis'],
  timeout: ['requestTimeoutMillis', 'timeoutIntervalMillis'],
  url: ['endpoint', 'urlTemplate'],
  headers: ['customHeaders'],
  concurrencylimit: ['maxConcurrentRequests'],
  meterprovider: ['selfObsMeterProvider'],
  // Optimizely's SDKs for JavaScript, Python, Java, Go, Ruby and C#.
  eventbatchsize: ['batchSize'],
  maxeventbatchsize: ['batchSize'],
  eventflushinterval: ['flushIntervalMillis'],
  eventmaxqueuesize: ['maxQueueSize'],
  queuesize: ['maxQueueSize'],
  queuecapacity: ['maxQueueSize'],
  queue: ['eventQueue'],
  dispatcher: ['eventDispatcher'],
  closingeventdispatcher: ['eventDispatcher'],
  dispatchevent: ['eventDispatcher'],
  eventhandler: ['eventDispatcher'],
  maxretries: ['retry'],
  storettl: ['retry.maxAgeMillis'],
  startbydefault: ['startOnInit'],
  configmanager: ['projectConfigManager'],
  datafilemanager: ['projectConfigManager'],
  pollinginterval: ['updateIntervalMillis'],
  pollinterval: ['updateIntervalMillis'],
  accesstoken: ['datafileAccessToken'],
  authtoken: ['datafileAccessToken'],
  token: ['datafileAccessToken'],
  datafileurl: ['urlTemplate'],
  datafileoptions: ['projectConfigManager', 'updateIntervalMillis'],
  // What else people write.
  eventsurl: ['endpoint'],
  host: ['endpoint'],
  store: ['eventStore'],
  path: ['directory'],
  dir: ['directory'],
  folder: ['directory'],
  maxsize: ['maxBytes', 'maxQueueSize'],
  hashkey: ['userIdHashKey'],
  salt: ['userIdHashKey'],
  attributes: ['allowedAttributes'],
  tracedetail: ['traceDetail'],
  signal: ['emitAs'],
  spanattributes: ['traceDetail'],
  apikey: ['sdkKey'],
  uri: ['endpoint'],
  baseurl: ['endpoint'],
  collectorurl: ['endpoint'],
  interval: ['flushIntervalMillis', 'updateIntervalMillis'],
  retries: ['retry'],
  retrycount: ['retry'],
  retrydelay: ['retry.initialDelayMillis'],
  backoff: ['retry.initialDelayMillis'],
  concurrency: ['maxConcurrentRequests'],
  shutdowntimeout: ['timeoutIntervalMillis'],
  draintimeout: ['drainTimeoutMillis', 'timeoutIntervalMillis'],
  autostart: ['startOnInit'],
  flushonexit: ['flushOnBeforeExit'],
  flushatexit: ['flushOnBeforeExit'],
  hashuserid: ['userIdHashKey'],
  hashuserids: ['userIdHashKey'],
  anonymizeuserids: ['userIdHashKey'],
  deduplicate: ['dedupe'],
  deduplication: ['dedupe'],
  allowlist: ['allowedAttributes'],
  filter: ['beforeSend'],
  redact: ['beforeSend'],
  storage: ['eventStore'],
  persistence: ['eventStore'],
  metrics: ['selfObsMeterProvider'],
  debug: ['logger'],
  loglevel: ['logger'],
  verbose: ['logger'],
};

/** Options of the manager that a processor makes of its `sdkKey`; other ones need a manager of one's own. */
const OF_THE_MANAGER = [
  'updateIntervalMillis',
  'datafileAccessToken',
  'urlTemplate',
  'customHeaders',
  'cache',
];

export function namesElsewhere(plainName: string): readonly string[] {
  return Object.hasOwn(NAMES, plainName) ? (NAMES[plainName] ?? []) : [];
}

/** @returns the option of a `PollingProjectConfigManager` that is meant, as a processor is given it */
export function nameOfManager(plain: string, plainName: (name: string) => string): string | undefined {
  const meant = OF_THE_MANAGER.find(
    name => plainName(name) === plain || namesElsewhere(plain).includes(name),
  );
  return meant && `projectConfigManager: new PollingProjectConfigManager({ sdkKey, ${meant} })`;
}
