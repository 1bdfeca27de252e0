// SPDX-License-Identifier: Apache-2.0
import type { Readable } from 'node:stream';
import type { DatafileRequest, DatafileResponse } from '../model/datafile-transport.js';
import { TextCollector } from '../util/decode-text.js';
import { drain } from './drain.js';
import type { Answer, Transport } from './transport.js';

const MOST_REDIRECTS = 5;
/** Fewer and larger ones than Node's: a datafile may have megabytes. */
const UNPACKED_CHUNK_BYTES = 65_536;

/** Fetches a datafile: unpacked, bounded. Rejects where there is no whole answer. */
export async function fetchDatafile(
  get: (url: string, message: Parameters<Transport['get']>[1]) => Promise<Answer>,
  { url, headers, maxBytes, signal }: DatafileRequest,
): Promise<DatafileResponse> {
  const { origin } = new URL(url);
  let location = new URL(url);
  for (let redirects = 0; ; redirects++) {
    // The access token, and whatever an application adds, is for the host that it was given for.
    const own = location.origin === origin ? headers : {};
    const answer = await get(location.href, { headers: { ...own, 'accept-encoding': 'gzip' }, signal });
    const next = redirectOf(answer, location);
    if (next === undefined || redirects === MOST_REDIRECTS) return await read(answer, maxBytes);
    drain(answer.body);
    location = next;
  }
}

/** Where to go on; a redirect that leaves https for http is not followed. */
function redirectOf({ status, headers }: Answer, from: URL): URL | undefined {
  const { location } = headers;
  if (![301, 302, 303, 307, 308].includes(status) || typeof location !== 'string') return undefined;
  if (!URL.canParse(location, from.href)) return undefined;
  const next = new URL(location, from);
  return next.protocol === 'https:' || (next.protocol === 'http:' && from.protocol === 'http:')
    ? next
    : undefined;
}

async function read({ status, headers, body }: Answer, maxBytes: number): Promise<DatafileResponse> {
  if (status !== 200) {
    drain(body);
    return { status, headers, body: '' };
  }
  const encoding = String(headers['content-encoding'] ?? 'identity').toLowerCase();
  if (encoding === 'identity') return { status, headers, body: await collect(body, body, maxBytes) };
  if (encoding !== 'gzip' && encoding !== 'x-gzip') {
    // If it is destroyed unread it emits an error, which would end the process without a listener.
    body.on('error', () => {});
    body.destroy();
    throw new Error('a content encoding that was not asked for');
  }
  const { createGunzip } = process.getBuiltinModule('node:zlib');
  const unpacked = createGunzip({ chunkSize: UNPACKED_CHUNK_BYTES });
  body.once('error', error => unpacked.destroy(error));
  return { status, headers, body: await collect(body.pipe(unpacked), body, maxBytes) };
}

async function collect(stream: Readable, source: Readable, maxBytes: number): Promise<string> {
  const text = new TextCollector();
  let bytes = 0;
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > maxBytes) throw Object.assign(new Error('too large'), { code: 'DATAFILE_TOO_LARGE' });
      text.add(chunk);
    }
  } finally {
    source.destroy();
  }
  return text.end();
}
