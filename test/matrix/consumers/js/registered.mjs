// SPDX-License-Identifier: Apache-2.0
import * as api from '@opentelemetry/api';
import { NodeSDK } from '@opentelemetry/sdk-node';
import * as optimizely from 'opentelemetry-exporter-optimizely';
import { processor } from 'opentelemetry-exporter-optimizely/register';
import { recordThree } from './scenario.cjs';

new NodeSDK({ spanProcessors: [processor] }).start();
process.stdout.write(JSON.stringify(recordThree(api, optimizely)));
