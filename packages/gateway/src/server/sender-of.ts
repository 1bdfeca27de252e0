// SPDX-License-Identifier: Apache-2.0
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { Sender } from '../model/door.js';

/** The request header that selects a project. */
const PROJECT_HEADER = 'x-optimizely-project';

const LONGEST_NAME = 100;
/** A connection has the same sender for all its requests, unless they show tokens. */
const namesByConnection = new WeakMap<Socket, string>();

/** @param tokenName of the bearer token that the request showed, if tokens are asked for */
export function senderOf({ headers, socket }: IncomingMessage, tokenName: string | undefined): Sender {
  const project = headers[PROJECT_HEADER];
  return {
    name: tokenName ?? nameOf(socket),
    project: typeof project === 'string' && project !== '' ? project : undefined,
  };
}

function nameOf(socket: Socket): string {
  let name = namesByConnection.get(socket);
  if (name === undefined) {
    name = commonName(socket) ?? addressOf(socket);
    namesByConnection.set(socket, name);
  }
  return name;
}

/** @returns undefined without a certificate that the server has accepted */
function commonName(socket: Socket | TLSSocket): string | undefined {
  if (!('getPeerCertificate' in socket) || !socket.authorized) return undefined;
  // A subject may have several, which the types do not know.
  const name: unknown = socket.getPeerCertificate().subject?.CN;
  const text = Array.isArray(name) ? name.join(' ') : name;
  return typeof text === 'string' && text !== ''
    ? text.slice(0, LONGEST_NAME).replace(/[^ -~]/g, '?')
    : undefined;
}

/** An IPv4 address that came through an IPv6 socket is the same sender. */
function addressOf({ remoteAddress = '' }: Socket): string {
  return remoteAddress.replace(/^::ffff:(?=\d+\.)/, '');
}
