// SPDX-License-Identifier: Apache-2.0
import * as api from '@opentelemetry/api';
import { NodeSDK } from '@opentelemetry/sdk-node';
import * as optimizely from 'opentelemetry-exporter-optimizely';
import * as testing from 'opentelemetry-exporter-optimizely/testing';
import { runScenario } from './scenario.cjs';

await runScenario({ api, NodeSDK, optimizely, testing });
