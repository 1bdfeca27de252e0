// SPDX-License-Identifier: Apache-2.0
import { isObject, type JsonObject, objectsOf, textOf } from '../util/json.js';

type Value = string | number | boolean;
/** Values of an attribute that have been seen; undefined if any may have been. */
export type Seen = (attributeKey: string) => Iterable<unknown> | undefined;

/** Whom an experiment or a rule is for. */
export interface Audience {
  /** Keys of the attributes that it asks for. */
  readonly attributes: readonly string[];
  /** What it asks of them, in words: `plan is "gold"`. */
  readonly conditions: readonly string[];
  /** Whether a visitor with any of the values that have been seen can be in it. What is not understood counts as met. */
  canBeMet(seen: Seen): boolean;
}

interface Leaf {
  readonly name: string;
  readonly match: string;
  readonly value: unknown;
}

const DEEPEST = 20;

/**
 * Reads the audiences of a datafile.
 *
 * @returns a function of an experiment or rule: its audience, or undefined if it is for everyone
 */
export function audienceReader(datafile: JsonObject): (rule: JsonObject) => Audience | undefined {
  // Typed ones last: they take the place of those that older SDKs read.
  const byId = new Map(
    [...objectsOf(datafile.audiences), ...objectsOf(datafile.typedAudiences)].map(audience => [
      textOf(audience.id),
      parsed(audience.conditions),
    ]),
  );
  return ({ audienceConditions, audienceIds }) => {
    const condition = parsed(audienceConditions ?? audienceIds);
    if (condition === undefined || (Array.isArray(condition) && condition.length === 0)) return undefined;
    const leaves = new Map<string, Leaf>();
    collect(condition, byId, leaves, 0);
    return {
      attributes: [...new Set([...leaves.values()].map(({ name }) => name))],
      conditions: [...leaves.keys()],
      canBeMet: seen => canBeMet(condition, byId, seen, 0),
    };
  };
}

type Audiences = ReadonlyMap<string, unknown>;

function collect(condition: unknown, audiences: Audiences, leaves: Map<string, Leaf>, depth: number): void {
  if (depth > DEEPEST) return;
  if (Array.isArray(condition)) {
    for (const item of condition) collect(item, audiences, leaves, depth + 1);
  } else if (typeof condition === 'string') {
    collect(audiences.get(condition), audiences, leaves, depth + 1);
  } else {
    const leaf = leafOf(condition);
    if (leaf !== undefined) leaves.set(wordsOf(leaf), leaf);
  }
}

function canBeMet(condition: unknown, audiences: Audiences, seen: Seen, depth: number): boolean {
  if (depth > DEEPEST) return true;
  if (typeof condition === 'string') {
    return !audiences.has(condition) || canBeMet(audiences.get(condition), audiences, seen, depth + 1);
  }
  if (Array.isArray(condition)) {
    const [first] = condition;
    const operator = typeof first === 'string' && OPERATORS.has(first) ? first : 'or';
    const operands = operator === first ? condition.slice(1) : condition;
    if (operator === 'not' || operands.length === 0) return true;
    const isMet = (operand: unknown) => canBeMet(operand, audiences, seen, depth + 1);
    return operator === 'and' ? operands.every(isMet) : operands.some(isMet);
  }
  const leaf = leafOf(condition);
  const values = leaf && seen(leaf.name);
  if (leaf === undefined || values === undefined) return true;
  for (const value of values) if (matches(leaf, value)) return true;
  return false;
}

const OPERATORS: ReadonlySet<string> = new Set(['and', 'or', 'not']);

function matches({ match, value }: Leaf, seen: unknown): boolean {
  switch (match) {
    case 'exact':
      return seen === value;
    case 'exists':
      return true;
    case 'substring':
      return typeof seen === 'string' && seen.includes(String(value));
    case 'gt':
      return typeof seen === 'number' && seen > Number(value);
    case 'ge':
      return typeof seen === 'number' && seen >= Number(value);
    case 'lt':
      return typeof seen === 'number' && seen < Number(value);
    case 'le':
      return typeof seen === 'number' && seen <= Number(value);
    default:
      return true;
  }
}

function leafOf(condition: unknown): Leaf | undefined {
  if (!isObject(condition) || typeof condition.name !== 'string') return undefined;
  const { name, match = 'exact', value, type } = condition;
  // Audiences of ODP and the like are about more than attributes.
  if (type !== undefined && !String(type).startsWith('custom')) return undefined;
  return { name, match: String(match), value };
}

function wordsOf({ name, match, value }: Leaf): string {
  if (match === 'exists') return `${name} exists`;
  return `${name} ${match === 'exact' ? 'is' : match} ${JSON.stringify(value as Value)}`;
}

/** Older datafiles have conditions as text. */
function parsed(condition: unknown): unknown {
  if (typeof condition !== 'string' || !/^[[{]/.test(condition)) return condition;
  try {
    return JSON.parse(condition);
  } catch {
    return undefined;
  }
}
