// SPDX-License-Identifier: Apache-2.0
import { createHash, timingSafeEqual } from 'node:crypto';

/** All are compared with each request, so their number is bounded. */
const MOST_TOKENS = 1_000;
/** What a bearer token may consist of (https://www.rfc-editor.org/rfc/rfc6750#section-2.1). */
const TOKEN = /^[\w.~+/-]+=*$/;

interface NamedToken {
  readonly name: string;
  readonly digest: Buffer;
}

/**
 * The tokens that senders may show. Two tokens may have one name, so that a sender can change from the old one to the
 * new one.
 */
export class BearerTokens {
  readonly #tokens: readonly NamedToken[];

  private constructor(tokens: readonly NamedToken[]) {
    this.#tokens = tokens;
  }

  /**
   * Reads a file of tokens: one a line, with a name before it or without; `#` begins a comment.
   *
   * @throws Error whose message names the line at fault and no token
   */
  static parse(text: string): BearerTokens {
    const tokens: NamedToken[] = [];
    for (const [index, line] of text
      .replace(/^\uFEFF/, '')
      .split(/\r?\n/)
      .entries()) {
      const words = line.trim().split(/\s+/);
      if (words[0] === '' || words[0]?.startsWith('#')) continue;
      const [token, name = `token-${tokens.length + 1}`, ...others] = words.reverse();
      if (token === undefined || others.length > 0 || !TOKEN.test(token)) {
        throw new Error(`line ${index + 1} is not "TOKEN" or "NAME TOKEN"`);
      }
      tokens.push({ name, digest: digestOf(token) });
    }
    if (tokens.length === 0) throw new Error('there is no token in it');
    if (tokens.length > MOST_TOKENS) throw new Error(`there are more than ${MOST_TOKENS} tokens in it`);
    return new BearerTokens(tokens);
  }

  get size(): number {
    return this.#tokens.length;
  }

  /**
   * Takes the same time whichever token it is, and if it is none.
   *
   * @param header the request's `Authorization`
   * @returns the token's name; undefined if it is not one of these
   */
  nameOf(header: string | undefined): string | undefined {
    const digest = digestOf(/^bearer +(.+)$/i.exec(header ?? '')?.[1]?.trim() ?? '');
    let found: string | undefined;
    for (const token of this.#tokens) {
      if (timingSafeEqual(token.digest, digest)) found = token.name;
    }
    return found;
  }
}

function digestOf(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}
