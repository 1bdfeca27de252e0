// SPDX-License-Identifier: Apache-2.0
//
// Loaded with --require into programs of the README that run as they are pasted, addresses and ports included. What they
// ask of optimizely.com, of the inspector and of a collector, they get from the loopback server on STAND_IN_PORT, without
// TLS. Each fixed port that they listen on becomes a free one, which is told on stdout.
const { writeSync } = require('node:fs');
const { Server: HttpServer } = require('node:http');
const { createRequire } = require('node:module');
const net = require('node:net');
const { join } = require('node:path');
const tls = require('node:tls');

const INSPECTOR_PORT = 4319;
const COLLECTOR_PORT = 4318;
const readersRequire = createRequire(join(process.cwd(), 'app.js'));
const standInPort = Number(process.env.STAND_IN_PORT);

const { connect: connectSecurely } = tls;
tls.connect = (...args) => {
  const { servername, host = '' } = args.find(arg => typeof arg === 'object' && arg !== null) ?? {};
  if (!(servername || host).endsWith('.optimizely.com')) return connectSecurely(...args);
  const socket = net.connect(standInPort, '127.0.0.1');
  socket.authorized = true;
  socket.once('connect', () => socket.emit('secureConnect'));
  return socket;
};

const { connect } = net.Socket.prototype;
net.Socket.prototype.connect = function (...args) {
  const options = Array.isArray(args[0]) ? args[0][0] : args[0];
  const isMeant = [INSPECTOR_PORT, COLLECTOR_PORT].includes(Number(options?.port));
  if (isMeant) Object.assign(options, { port: standInPort, host: '127.0.0.1' });
  return connect.apply(this, args);
};

const { listen } = net.Server.prototype;
net.Server.prototype.listen = function (...args) {
  const [first] = args;
  if (typeof first === 'number') args[0] = 0;
  else if (first?.port !== undefined) args[0] = { ...first, port: 0 };
  this.once('listening', () => {
    const address = this.address();
    if (typeof address === 'object' && address !== null) writeSync(1, `listening on ${address.port}\n`);
  });
  return listen.apply(this, args);
};

// The answer to a path that ends in "slow" is held back until the server no longer listens: the request is still being
// answered when the process is asked to end. Then it records a conversion.
const { emit } = HttpServer.prototype;
HttpServer.prototype.emit = function (...args) {
  const [name, request, response] = args;
  if (name === 'request' && request.url.endsWith('slow')) {
    const { end } = response;
    response.end = (...body) => {
      writeSync(1, 'a slow request\n');
      const look = () => {
        if (this.listening) return setImmediate(look);
        const { recordConversion } = readersRequire('opentelemetry-exporter-optimizely');
        recordConversion({ userId: 'visitor-1', eventKey: 'purchase' });
        end.apply(response, body);
      };
      look();
      return response;
    };
  }
  return emit.apply(this, args);
};
