// SPDX-License-Identifier: Apache-2.0

type JsonObject = Readonly<Record<string, unknown>>;

/** @returns the visitors of a batch, or a sentence that says why it is not one */
export function visitorsOf({ visitors }: JsonObject): readonly JsonObject[] | string {
  if (!Array.isArray(visitors)) return 'the batch has no list "visitors"';
  const wrong = visitors.findIndex(visitor => !isObject(visitor));
  return wrong < 0 ? visitors : `visitors[${wrong}] is not an object`;
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
