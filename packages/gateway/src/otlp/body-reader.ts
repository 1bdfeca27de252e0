// SPDX-License-Identifier: Apache-2.0
import { BinaryReader } from '@bufbuild/protobuf/wire';

/** Reads the body of a request. */
export class BodyReader extends BinaryReader {
  /** For what there is much of: `bytes()` makes a view each time. */
  readonly body: Buffer;

  constructor(body: Uint8Array) {
    super(body);
    this.body = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  }
}
