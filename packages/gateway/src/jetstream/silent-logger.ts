// SPDX-License-Identifier: Apache-2.0
import type { Logger } from 'opentelemetry-exporter-optimizely';

export const SILENT_LOGGER: Logger = { error() {}, warn() {}, info() {}, debug() {} };
