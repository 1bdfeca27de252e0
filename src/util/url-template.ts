// SPDX-License-Identifier: Apache-2.0

/** As Optimizely's SDKs write it: JavaScript's and Java's `%s`, Python's `{sdk_key}`, and `{sdkKey}`. */
const PLACE = /%s|\{sdk_?key\}/gi;

export function hasPlaceForKey(urlTemplate: string): boolean {
  return urlTemplate.search(PLACE) !== -1;
}

export function fillUrlTemplate(urlTemplate: string, sdkKey: string): string {
  return urlTemplate.replace(PLACE, () => encodeURIComponent(sdkKey));
}
