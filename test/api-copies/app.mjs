// SPDX-License-Identifier: Apache-2.0
import { createRequire } from 'node:module';
import * as api from '@opentelemetry/api';
import * as optimizely from 'opentelemetry-exporter-optimizely';
import { runApp } from './run-app.cjs';

runApp({ api, optimizely, require: createRequire(import.meta.url) });
