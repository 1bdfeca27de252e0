// SPDX-License-Identifier: Apache-2.0
import type { IncomingMessage } from 'node:http';
import type { TLSSocket } from 'node:tls';
import type { Sender, ServerRefusal } from '../model/door.js';
import type { BearerTokens } from './bearer-tokens.js';
import { senderOf } from './sender-of.js';
import type { WatchedFiles } from './watched-files.js';

export interface AccessOptions {
  /** Undefined where senders need no token. */
  readonly tokens: WatchedFiles<BearerTokens> | undefined;
  readonly asksForCertificate: boolean;
}

export type Admission =
  | { readonly kind: 'sender'; readonly sender: Sender }
  | { readonly kind: 'refused'; readonly refusal: ServerRefusal };

/** Decides who may send. Where both tokens and client certificates are asked for, a sender needs both. */
export class Access {
  readonly #options: AccessOptions;

  constructor(options: AccessOptions) {
    this.#options = options;
  }

  /** Whether anyone who can reach the port may send. */
  get isOpen(): boolean {
    return this.#options.tokens === undefined && !this.#options.asksForCertificate;
  }

  admit(request: IncomingMessage): Admission {
    const { tokens, asksForCertificate } = this.#options;
    if (asksForCertificate && !(request.socket as TLSSocket).authorized) return refused(NO_CERTIFICATE);
    if (tokens === undefined) {
      if (!asksForCertificate && request.headers.origin !== undefined) return refused(WEB_PAGE);
      return { kind: 'sender', sender: senderOf(request, undefined) };
    }
    const name = tokens.value.nameOf(request.headers.authorization);
    if (name === undefined) return refused(NO_TOKEN);
    return { kind: 'sender', sender: senderOf(request, name) };
  }
}

function refused(refusal: ServerRefusal): Admission {
  return { kind: 'refused', refusal };
}

const NO_CERTIFICATE: ServerRefusal = {
  status: 403,
  message: 'a client certificate of an accepted authority is needed',
};

/** Any page that is open in a browser on this machine, or in this network, could send a request of this kind. */
const WEB_PAGE: ServerRefusal = {
  status: 403,
  message:
    'web pages may not send to a gateway that asks for no token: send from a server, which names no Origin',
};

const NO_TOKEN: ServerRefusal = {
  status: 401,
  message: 'a bearer token of the token file is needed: Authorization: Bearer TOKEN',
};
