// SPDX-License-Identifier: Apache-2.0
import { type EventReading, quote } from 'opentelemetry-exporter-optimizely/testing';
import type { Problem } from '../inspection/problem.js';
import type { ProjectNames } from '../inspection/project-names.js';
import { isObject, objectsOf } from '../util/json.js';
import { checkBot } from './bots.js';
import { lookalikeOf } from './personal-data.js';
import { checkRevenueUnit } from './revenue-unit.js';

const MOST_VALUES = 200;
const DEEPEST = 8;

/** What is worth a look in an event that counts: attributes that go nowhere, data that should not leave. */
export function checkPayload(reading: EventReading, names: ProjectNames | undefined): Problem[] {
  const problems = names === undefined ? [] : checkAttributes(reading, names);
  const bot = checkBot(reading, names?.botFiltering === true);
  if (bot !== undefined) problems.push(bot);
  const revenue = checkRevenueUnit(reading);
  if (revenue !== undefined) problems.push(revenue);
  const found = findPersonalData(reading);
  if (found !== undefined) problems.push(found);
  return problems;
}

function checkAttributes({ visitor }: EventReading, names: ProjectNames): Problem[] {
  const problems: Problem[] = [];
  for (const { entity_id: id, key } of objectsOf(visitor.attributes)) {
    if (typeof id === 'string' && (id.startsWith('$opt_') || names.attributeKey(id) !== undefined)) continue;
    const named = typeof key === 'string' ? quote(key) : `with the id ${quote(id)}`;
    const known = typeof key === 'string' ? names.attributeId(key) : undefined;
    const message =
      known === undefined
        ? `the datafile has no attribute ${named}, so results can't be segmented by it: create it at Optimizely, or leave it out`
        : `the attribute ${named} has the id ${quote(known)}, not ${quote(id)}: send that as entity_id`;
    problems.push({ code: 'unknown_attribute', message });
  }
  return problems;
}

/** The first place only: one is enough to act on, and a large event must not fill the list. */
function findPersonalData({ visitor, wire }: EventReading): Problem | undefined {
  const texts: [place: string, text: unknown][] = [['the visitor id', visitor.visitor_id]];
  for (const { key, value } of objectsOf(visitor.attributes)) {
    texts.push([`the attribute ${safeName(key)}`, value], ['the key of an attribute', key]);
  }
  if (isObject(wire.tags)) {
    for (const [key, value] of Object.entries(wire.tags))
      collect(`the tag ${safeName(key)}`, value, texts, 0);
  }
  for (const [place, text] of texts) {
    const looks = typeof text === 'string' ? lookalikeOf(text) : undefined;
    if (looks === undefined) continue;
    const message = `${place} looks like ${looks}: Optimizely's terms forbid personal data; send a pseudonym, or leave it out`;
    return { code: 'personal_data', message };
  }
  return undefined;
}

function collect(place: string, value: unknown, texts: [string, unknown][], depth: number): void {
  if (texts.length >= MOST_VALUES || depth > DEEPEST) return;
  if (typeof value === 'object' && value !== null) {
    for (const item of Object.values(value)) collect(place, item, texts, depth + 1);
  } else {
    texts.push([place, value]);
  }
}

/** A name as it may stand in a message: it may itself be what should not be shown. */
function safeName(name: unknown): string {
  return typeof name === 'string' && lookalikeOf(name) === undefined ? quote(name) : 'of an odd name';
}
