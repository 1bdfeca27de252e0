// SPDX-License-Identifier: Apache-2.0
import type { LinkView } from '../view/types.js';

export const COUNTING: LinkView = {
  label: 'How Optimizely counts conversions',
  url: 'https://support.optimizely.com/hc/en-us/articles/19888476989325-How-Optimizely-Experimentation-counts-conversions',
};
export const TROUBLESHOOTING: LinkView = {
  label: 'Troubleshoot the Event API',
  url: 'https://docs.developers.optimizely.com/optimizely-data/docs/event-api-troubleshooting',
};
export const IMPRESSIONS: LinkView = {
  label: 'When impressions are sent',
  url: 'https://docs.developers.optimizely.com/feature-experimentation/docs/impressions-and-decisions-flags',
};
export const BOTS: LinkView = {
  label: 'Bot filtering',
  url: 'https://support.optimizely.com/hc/en-us/articles/4410284173837',
};
export const SAMPLE_RATIO: LinkView = {
  label: "Optimizely's sequential sample ratio test",
  url: 'https://github.com/optimizely/ssrm',
};
export const SIGNIFICANCE: LinkView = {
  label: "Optimizely's Stats Engine",
  url: 'https://support.optimizely.com/hc/en-us/articles/4410289544589-How-and-why-statistical-significance-changes-over-time-in-Optimizely-Experimentation',
};
