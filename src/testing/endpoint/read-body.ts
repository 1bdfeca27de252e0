// SPDX-License-Identifier: Apache-2.0

/**
 * Reads a request's body, holding at most `maxBytes` of it. What is above is read on and forgotten, since a client
 * that is still writing when its connection closes never sees the answer.
 *
 * @returns undefined if the body is longer than `maxBytes`
 * @throws (rejects) the client went away
 */
export async function readBody(body: AsyncIterable<Buffer>, maxBytes: number): Promise<Buffer | undefined> {
  let chunks: Buffer[] = [];
  let byteLength = 0;
  for await (const chunk of body) {
    byteLength += chunk.length;
    if (byteLength <= maxBytes) chunks.push(chunk);
    else chunks = [];
  }
  return byteLength <= maxBytes ? Buffer.concat(chunks, byteLength) : undefined;
}
