// SPDX-License-Identifier: Apache-2.0
const { serve } = require('./shop.cjs');

serve(require('@optimizely/optimizely-sdk/node'), 'subpath');
