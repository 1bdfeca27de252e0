// SPDX-License-Identifier: Apache-2.0

export function isHttpUrl(value: unknown): value is string {
  if (typeof value !== 'string' || !URL.canParse(value)) return false;
  const { protocol } = new URL(value);
  return protocol === 'http:' || protocol === 'https:';
}

/** A URL without the user name and password that it had, which may be logged and shown. */
export interface BareUrl {
  readonly url: string;
  /** What they say, as the value of an `Authorization` header. @see https://www.rfc-editor.org/rfc/rfc7617 */
  readonly authorization: string | undefined;
}

/** @throws TypeError if the text is not a URL */
export function withoutCredentials(url: string): BareUrl {
  const parsed = new URL(url);
  const { username, password } = parsed;
  if (username === '' && password === '') return { url, authorization: undefined };
  parsed.username = '';
  parsed.password = '';
  const credentials = Buffer.from(`${percentDecoded(username)}:${percentDecoded(password)}`, 'utf8');
  return { url: parsed.href, authorization: `Basic ${credentials.toString('base64')}` };
}

/** A password may have a percent sign that stands for itself. */
function percentDecoded(text: string): string {
  return text.replace(/(?:%[\da-f]{2})+/gi, escapes => {
    try {
      return decodeURIComponent(escapes);
    } catch {
      return escapes;
    }
  });
}
