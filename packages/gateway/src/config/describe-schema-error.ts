// SPDX-License-Identifier: Apache-2.0
import type { ErrorObject } from 'ajv';

const KINDS: Readonly<Record<string, string>> = {
  object: 'an object',
  array: 'a list',
  string: 'text',
  integer: 'a whole number',
  number: 'a number',
  boolean: 'true or false',
};

const SECRET = 'must say where the secret is: { "env": "NAME" } or { "file": "PATH" }';

/**
 * Says what to write. Without the value, which may be a secret in the wrong place.
 *
 * @param errors of one validation, with `verbose`
 * @param name what the content is called where the mistake is in all of it
 */
export function describeSchemaError(errors: readonly ErrorObject[], name: string): string {
  const error = mostTelling(errors);
  if (error === undefined) return `${name} cannot be used`;
  const path = error.instancePath.slice(1).replaceAll('/', '.');
  const place = name === 'relay' ? `relay${path && `.${path}`}` : path || name;
  if (error.keyword === 'pattern' || error.keyword === 'propertyNames') {
    return `${place}: the name of a project has 1 to 64 letters, digits, or characters of _ . : -`;
  }
  return `${place} ${describe(error, errors)}`;
}

/** Of alternatives, the one that the content comes closest to. */
function mostTelling(errors: readonly ErrorObject[]): ErrorObject | undefined {
  const depth = ({ instancePath }: ErrorObject) => instancePath.split('/').length;
  const deepest = Math.max(...errors.map(depth));
  const nearest = errors.filter(error => depth(error) === deepest && error.keyword !== 'anyOf');
  return nearest.find(({ keyword }) => keyword !== 'type') ?? nearest[0];
}

function describe(error: ErrorObject, errors: readonly ErrorObject[]): string {
  const { keyword, params } = error;
  switch (keyword) {
    case 'additionalProperties':
      return `has no option ${JSON.stringify(params.additionalProperty)}`;
    case 'required':
      return `must have ${JSON.stringify(params.missingProperty)}`;
    case 'enum':
      return `must be one of ${(params.allowedValues as unknown[]).join(', ')}`;
    case 'type':
      return isSecret(error) ? SECRET : `must be ${kinds(error, errors)}`;
    case 'minProperties':
    case 'maxProperties':
      return isSecret(error) ? SECRET : missing(error);
    case 'minLength':
      return 'must be text that is not empty';
    case 'minItems':
      return 'must be a list that is not empty';
    case 'minimum':
      return `must be at least ${params.limit}`;
    case 'maximum':
      return `must be at most ${params.limit}`;
    case 'exclusiveMinimum':
      return `must be more than ${params.limit}`;
    default:
      return `${error.message}`;
  }
}

function kinds({ instancePath }: ErrorObject, errors: readonly ErrorObject[]): string {
  const types = errors.filter(error => error.keyword === 'type' && error.instancePath === instancePath);
  return types.map(({ params }) => KINDS[params.type] ?? params.type).join(' or ');
}

function isSecret({ parentSchema }: ErrorObject): boolean {
  return Object.hasOwn(parentSchema?.properties ?? {}, 'env');
}

function missing({ instancePath }: ErrorObject): string {
  return instancePath === '/projects'
    ? 'must have at least one project, such as "shop": { "sdkKey": "KEY" }'
    : 'must have sdkKey, datafile, or projectId';
}
