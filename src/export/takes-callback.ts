// SPDX-License-Identifier: Apache-2.0

const known = new WeakMap<object, boolean>();

/**
 * Whether a function that returned nothing will call its second parameter back, as dispatchers for Optimizely's JavaScript
 * SDK up to version 5 do. `length` alone does not tell: it leaves out a parameter with a default, such as
 * `callback = () => {}`. One that takes the second parameter apart, defaults it to an object, or reads its `signal`,
 * takes options.
 */
export function takesCallback(dispatch: (...args: never[]) => unknown): boolean {
  const remembered = known.get(dispatch);
  if (remembered !== undefined) return remembered;
  const answer = readSecondParameter(dispatch);
  known.set(dispatch, answer);
  return answer;
}

function readSecondParameter(dispatch: (...args: never[]) => unknown): boolean {
  try {
    const source = Function.prototype.toString.call(dispatch);
    const second = parametersOf(source)[1];
    // A default as compilers for old engines write it.
    if (second === undefined) return dispatch.length >= 2 || /\barguments\[1\]/.test(source);
    if (/^[{[]/.test(second) || /=\s*[{[]/.test(second) || second.startsWith('...')) return false;
    return !readsSignalOf(/^[\w$]+/.exec(second)?.[0], source);
  } catch {
    return false;
  }
}

/** Whether the function looks for the `signal` of its second parameter: a callback has none. */
function readsSignalOf(name: string | undefined, source: string): boolean {
  if (name === undefined) return false;
  const escaped = name.replaceAll('$', '\\$&');
  return (
    new RegExp(`(?<![\\w$.])${escaped}\\s*\\??\\.\\s*signal\\b`).test(source) ||
    new RegExp(`signal[^{}]*\\}\\s*=\\s*${escaped}(?![\\w$])`).test(source)
  );
}

const OPENING = '([{';
const CLOSING = ')]}';
const QUOTES = '\'"`';

/** The parameters of a function's source text, outermost commas only; empty where it has no list in parentheses. */
function parametersOf(source: string): string[] {
  const text = source.replace(/\/\*[\s\S]*?\*\/|\/\/[^\n]*/g, '');
  const start = text.indexOf('(');
  const arrow = text.indexOf('=>');
  // `event => …` has one parameter, and native code hides its own.
  if (start < 0 || (arrow >= 0 && arrow < start) || text.includes('[native code]')) return [];
  const parameters: string[] = [];
  let depth = 0;
  let quote: string | undefined;
  let from = start + 1;
  for (let at = from; at < text.length; at++) {
    const character = text[at] as string;
    if (quote !== undefined) {
      if (character === '\\') at++;
      else if (character === quote) quote = undefined;
    } else if (QUOTES.includes(character)) quote = character;
    else if (OPENING.includes(character)) depth++;
    else if (CLOSING.includes(character) && --depth < 0) {
      parameters.push(text.slice(from, at).trim());
      break;
    } else if (character === ',' && depth === 0) {
      parameters.push(text.slice(from, at).trim());
      from = at + 1;
    }
  }
  return parameters.filter(parameter => parameter !== '');
}
