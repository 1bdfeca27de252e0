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
};

export function namesElsewhere(plainName: string): readonly string[] {
  return Object.hasOwn(NAMES, plainName) ? (NAMES[plainName] ?? []) : [];
}
