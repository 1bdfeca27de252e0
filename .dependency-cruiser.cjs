// SPDX-License-Identifier: Apache-2.0

const rooms = require('./scripts/rooms.cjs');

const packages = {
  api: '^node_modules/@opentelemetry/api/',
  'instrumentation-api': '^node_modules/@opentelemetry/instrumentation/',
  undici: '^node_modules/undici/',
};

const roomRules = Object.entries(rooms).map(([room, allowed]) => ({
  name: `room-${room}`,
  comment: `src/${room}/ may import: ${allowed.join(', ') || 'nothing'}`,
  severity: 'error',
  from: { path: `^src/${room}/` },
  to: {
    pathNot: [`^src/${room}/`, ...allowed.map(name => packages[name] ?? `^src/${name}/`)],
    ...(allowed.includes('node') && { dependencyTypesNot: ['core'] }),
  },
}));

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
      comment: 'the page may import: types of what the server tells it',
      severity: 'error',
      from: { path: '^packages/inspector/src/page/' },
      to: { pathNot: '^packages/inspector/src/(page/|view/types\\.ts$)' },
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
