// SPDX-License-Identifier: Apache-2.0

const COUNT = { type: 'integer', minimum: 1 } as const;
const TEXT = { type: 'string', minLength: 1 } as const;
const ACK = { enum: ['stored', 'delivered'] } as const;

/** Where a secret is, instead of the secret itself: a file of this kind is copied, mailed and committed. */
const SECRET = {
  type: 'object',
  description: 'Where the secret is: in an environment variable or in a file.',
  additionalProperties: false,
  properties: { env: TEXT, file: TEXT },
  minProperties: 1,
  maxProperties: 1,
} as const;

function described<T extends object>(schema: T, description: string) {
  return { ...schema, description };
}

const PROJECT = {
  type: 'object',
  additionalProperties: false,
  minProperties: 1,
  properties: {
    sdkKey: described(TEXT, 'Fetches the datafile of this SDK key and keeps it up to date.'),
    datafile: described(TEXT, 'A file with the datafile, read again when it changes.'),
    projectId: described(
      TEXT,
      "Optimizely's id of the project, for batches of its SDKs. Alone, no datafile is needed.",
    ),
    datafileAccessToken: described(SECRET, 'Access token of a secure environment.'),
    datafileUrlTemplate: described(TEXT, 'Where the datafile is; {sdkKey} stands for the SDK key.'),
    datafileUpdateIntervalMillis: described(COUNT, 'Milliseconds between two looks at the datafile.'),
    endpoint: described(TEXT, "Where events are sent, instead of Optimizely's Events API."),
    store: described(TEXT, 'Directory of the event store.'),
    maxStoreBytes: described(COUNT, 'Bytes of the files of the store.'),
    fsync: described({ enum: ['none', 'batch'] }, 'Whether events in the store survive the machine, too.'),
    ack: described(ACK, 'What a receipt waits for, where this project differs from the others.'),
    batchSize: described(COUNT, 'Events at which a batch is sent.'),
    flushIntervalMillis: described(COUNT, 'Age of its oldest event at which a batch is sent.'),
    maxOpenBatches: described(COUNT, 'Batches of different SDKs and revisions that are open at once.'),
    maxQueueSize: described(COUNT, 'Events in memory.'),
    maxQueueBytes: described(COUNT, 'Bytes of payload in memory.'),
    maxConcurrentRequests: described(COUNT, 'Requests to Optimizely at once.'),
    requestTimeoutMillis: described(COUNT, 'Deadline of one request to Optimizely.'),
    drainTimeoutMillis: described(COUNT, 'How long the end of the gateway, or of the project, may take.'),
    maxSenderShare: described(
      { type: 'number', exclusiveMinimum: 0, maximum: 1 },
      'Share of the memory that one sender may hold while others hold some.',
    ),
    unknownKeyGraceMillis: described(
      COUNT,
      'How long the datafile may lack a key before its events are refused.',
    ),
    allowedAttributes: described(
      { type: 'array', items: TEXT },
      'Keys of attributes and tags that may leave; revenue and value among the tags included.',
    ),
    userIdHashKey: described(SECRET, 'Key of the hash that is sent in place of user ids.'),
    dedupe: {
      description: 'One impression per visitor, rule and variation in each time window.',
      anyOf: [
        { type: 'boolean' },
        {
          type: 'object',
          additionalProperties: false,
          properties: { windowMillis: COUNT, maxEntries: COUNT },
        },
      ],
    },
    evaluationEvents: described(
      { type: 'boolean' },
      'Whether feature_flag.evaluation events are impressions.',
    ),
  },
} as const;

const SERVER = {
  type: 'object',
  description: 'How the gateway listens. Flags of the command line win.',
  additionalProperties: false,
  properties: {
    host: TEXT,
    port: { type: 'integer', minimum: 0, maximum: 65_535 },
    tokenFile: TEXT,
    tlsCert: TEXT,
    tlsKey: TEXT,
    tlsClientCa: TEXT,
    maxBodyBytes: COUNT,
    maxRequestBytesInFlight: COUNT,
    maxConnections: COUNT,
    maxHeaderBytes: COUNT,
    headersTimeoutMillis: COUNT,
    requestTimeoutMillis: COUNT,
    keepAliveTimeoutMillis: COUNT,
    logLevel: { enum: ['debug', 'info', 'warn', 'error', 'silent'] },
  },
} as const;

const RELAY = {
  type: 'object',
  description: 'A NATS JetStream stream between gateways that receive and gateways that deliver.',
  additionalProperties: false,
  required: ['servers'],
  properties: {
    servers: {
      description: 'NATS servers, such as nats://127.0.0.1:4222, without credentials.',
      anyOf: [TEXT, { type: 'array', items: TEXT, minItems: 1 }],
    },
    role: described({ enum: ['receive', 'deliver', 'both'] }, "What this gateway does. By default 'both'."),
    user: TEXT,
    passwordFile: TEXT,
    tokenFile: TEXT,
    nkeyFile: TEXT,
    credsFile: TEXT,
    tls: {
      type: 'object',
      additionalProperties: false,
      properties: { caFile: TEXT, certFile: TEXT, keyFile: TEXT },
    },
    stream: described(TEXT, "By default 'optimizely-events'."),
    subject: described(TEXT, "By default 'optimizely.events'."),
    maxAgeMillis: described(
      COUNT,
      'Of a stream that is made: the age at which NATS deletes a batch. A week by default.',
    ),
    maxBytes: described(COUNT, 'Of a stream that is made. 10 GiB by default.'),
    replicas: described({ enum: [1, 3, 5] }, 'Of a stream that is made. 1 by default.'),
    consumer: described(TEXT, "Shared by all gateways that deliver. By default 'optimizely-event-gateway'."),
    maxMessages: described(COUNT, 'Messages that this gateway has at once. 2,000 by default.'),
    ackWaitMillis: described(
      COUNT,
      'How long a message of a gateway that died stays with it. 30,000 by default.',
    ),
  },
} as const;

/** JSON schema of the configuration file; `config.schema.json` holds the same, for editors. */
export const CONFIG_SCHEMA = {
  $schema: 'http://json-schema.org/draft-07/schema#',
  title: 'Configuration of optimizely-event-gateway',
  type: 'object',
  additionalProperties: false,
  required: ['projects'],
  properties: {
    $schema: { type: 'string' },
    projects: {
      type: 'object',
      description: 'Projects by name. Paths in this file are relative to it.',
      minProperties: 1,
      propertyNames: { pattern: '^[\\w.:-]{1,64}$' },
      additionalProperties: PROJECT,
    },
    default: described(TEXT, 'The project of events that name none. Where there is one project, it is that.'),
    ack: described(
      ACK,
      "What a receipt waits for. By default 'stored' where there is a store, else 'delivered'.",
    ),
    ackTimeoutMillis: described(COUNT, 'How long a receipt may wait for delivery.'),
    server: SERVER,
    relay: RELAY,
  },
} as const;
