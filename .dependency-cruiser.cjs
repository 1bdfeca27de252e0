// SPDX-License-Identifier: Apache-2.0

const gatewayRooms = require('./scripts/gateway-rooms.cjs');
const rooms = require('./scripts/rooms.cjs');

const packages = {
  api: '^node_modules/@opentelemetry/api/',
  'instrumentation-api': '^node_modules/@opentelemetry/instrumentation/',
  undici: '^node_modules/undici/',
  ajv: '^(packages/gateway/)?node_modules/ajv/',
  metrics: '^node_modules/@opentelemetry/(sdk-metrics|exporter-prometheus)/',
  pino: '^node_modules/pino/',
  nats: '^node_modules/@nats-io/(jetstream|transport-node)/',
  protobuf: '^node_modules/@bufbuild/protobuf/',
  exporter: '^src/',
  root: '^packages/gateway/src/[^/]+$',
};

const roomRules = [
  ...rulesOf('src', rooms, 'room'),
  ...rulesOf('packages/gateway/src', gatewayRooms, 'gateway-room'),
];

const roomsWithoutNode = Object.keys(rooms).filter(room => !rooms[room].includes('node'));

function rulesOf(folder, table, prefix) {
  return Object.entries(table).map(([room, allowed]) => ({
    name: `${prefix}-${room}`,
    comment: `${folder}/${room}/ may import: ${allowed.join(', ') || 'nothing'}`,
    severity: 'error',
    from: { path: `^${folder}/${room}/` },
    to: {
      pathNot: [
        `^${folder}/${room}/`,
        ...allowed.map(name => (name in table ? `^${folder}/${name}/` : (packages[name] ?? `^${name}$`))),
      ],
      ...(allowed.includes('node') && { dependencyTypesNot: ['core'] }),
    },
  }));
}

module.exports = {
  forbidden: [
    {
      name: 'no-circular',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    { name: 'unresolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
    {
      name: 'no-orphans',
      severity: 'error',
      from: { orphan: true, pathNot: '(^|/)src/[^/]+/index' },
      to: {},
    },
    {
      name: 'no-dev-dependencies',
      comment: 'what is published must not need what only developers install',
      severity: 'error',
      from: { path: '^src/' },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['npm', 'npm-peer'] },
    },
    {
      name: 'page-is-for-browsers',
      comment: 'the page may import: types of what the server tells it, and preact, which is built into it',
      severity: 'error',
      from: { path: '^packages/inspector/src/page/' },
      to: {
        pathNot: '^packages/inspector/src/(page/|view/types\\.ts$)|^node_modules/(@preact/signals|preact)/',
      },
    },
    {
      name: 'page-is-served-not-imported',
      severity: 'error',
      from: { pathNot: '^packages/inspector/src/page/' },
      to: { path: '^packages/inspector/src/page/' },
    },
    {
      name: 'packages-use-what-is-public',
      comment: 'a package beside the exporter sees its entries alone',
      severity: 'error',
      from: { path: '^packages/' },
      // By the exporter's name, which tsconfig.json leads to its source.
      to: { path: '^src/', dependencyTypesNot: ['aliased-tsconfig-paths'] },
    },
    {
      name: 'node-by-another-name',
      comment: "src/util/builtins.ts is Node's: it is for rooms that may import Node",
      severity: 'error',
      from: { path: roomsWithoutNode.map(room => `^src/${room}/[^/]+$`) },
      to: { path: '^src/util/builtins\\.ts$' },
    },
    ...roomRules,
  ],
  options: {
    doNotFollow: { path: '(^|/)(node_modules|dist)/' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
    },
  },
};
