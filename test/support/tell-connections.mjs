// SPDX-License-Identifier: Apache-2.0
//
// Preloaded into a process: writes every connection that it makes, and every name that it looks up, to stderr.
import dns from 'node:dns';
import { isIP, Socket } from 'node:net';

const { connect } = Socket.prototype;
Socket.prototype.connect = function (...args) {
  const [first] = args.flat();
  process.stderr.write(`connects to ${JSON.stringify(first?.host ?? first?.path ?? first)}\n`);
  return connect.apply(this, args);
};
const { lookup } = dns;
dns.lookup = (name, ...rest) => {
  // Listening on an address goes through here too.
  if (!isIP(name)) process.stderr.write(`looks up ${name}\n`);
  return lookup(name, ...rest);
};
