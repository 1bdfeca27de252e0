// SPDX-License-Identifier: Apache-2.0
import { OptimizelySpanProcessor, shutdownOnSignals } from 'opentelemetry-exporter-optimizely';
import { onExit } from 'signal-exit';
import { options, record, stayUp, tell } from './app.mjs';

onExit((_code, signal) => tell({ onExit: signal }));
const processor = new OptimizelySpanProcessor(options);
shutdownOnSignals(processor);
stayUp();
tell({ uuids: record(processor) });
