// SPDX-License-Identifier: Apache-2.0
import * as sdk from '@optimizely/optimizely-sdk/node';
import { serve } from './shop.cjs';

await serve(sdk, 'subpath');
