// SPDX-License-Identifier: Apache-2.0
import { COMMAND } from './version.js';

export const USAGE = `Usage: ${COMMAND} --sdk-key KEY | --datafile FILE | --config FILE [options]

Takes experiment events over OTLP/HTTP (/v1/traces, /v1/logs) and as batches of Optimizely's SDKs (/v1/events),
and delivers them to Optimizely. It answers 2xx once the events are delivered, or in the store.

  One of
    --sdk-key KEY          the project of this SDK key; its datafile is fetched from Optimizely
    --datafile FILE        the project of this datafile; read again whenever it changes
    --config FILE          several projects, and all other options (JSON, see config.schema.json)

  Where events go
    --endpoint URL         where they are sent (default: the Events API of the project's region)
    --store DIR            keeps events on disk until they are delivered (default: no state)
    --max-store SIZE       of its files, such as 256MiB (the default) or 8GiB
    --ack stored|delivered what an answer waits for (default: stored with --store, else delivered)

  Over a NATS JetStream stream
    --nats URL             fills a stream, and delivers from it; several servers with commas between
    --role receive|deliver|both
                           what this gateway does with the stream (default: both)
    --nats-user NAME, --nats-password-file FILE, --nats-token-file FILE, --nats-nkey-file FILE,
    --nats-creds-file FILE one way to authenticate
    --nats-ca FILE, --nats-cert FILE, --nats-key FILE
                           a private authority, a client certificate (PEM)

  How it listens
    --host ADDRESS         default 127.0.0.1
    --port N               default 4318; 0: any free port
    --max-body SIZE        of one request, such as 16MiB (the default)
    --token-file FILE      senders must show a token: one a line, "TOKEN" or "NAME TOKEN"
    --tls-cert FILE, --tls-key FILE
                           serves HTTPS (PEM)
    --tls-client-ca FILE   senders must show a certificate of these authorities (PEM)

  --help, --version

It logs JSON lines on stderr. /healthz, /readyz and /metrics say how it is.
SIGHUP reads the configuration, tokens and certificates again. SIGTERM and SIGINT end it when what it
took is delivered; a second one ends it at once, and senders repeat what had no answer.

Exit codes: 0 ended as asked; 1 it could not start, or was ended by a second signal; 2 it was called wrongly.

  OPTIMIZELY_SDK_KEY                                            in place of --sdk-key
  OPTIMIZELY_EVENTS_ENDPOINT                                    in place of --endpoint
  OPTIMIZELY_DATAFILE_ACCESS_TOKEN, OPTIMIZELY_DATAFILE_URL_TEMPLATE   are read with an SDK key
`;
