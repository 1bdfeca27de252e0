// SPDX-License-Identifier: Apache-2.0
import { createRequire } from 'node:module';
import * as imported from '@optimizely/optimizely-sdk';
import { serve } from './shop.cjs';

await serve(imported, 'imported');
await serve(createRequire(import.meta.url)('@optimizely/optimizely-sdk'), 'required');
