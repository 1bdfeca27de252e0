// SPDX-License-Identifier: Apache-2.0

/** `client_name` of every batch, and the scope of our log lines. */
export const CLIENT_NAME = 'opentelemetry-exporter-optimizely';

/** `client_version` of every batch. A test holds it to package.json. */
export const CLIENT_VERSION = '0.1.0';
