// SPDX-License-Identifier: Apache-2.0

/** Versions that the matrix runs with. Raise them here, and look at what the new ones break. */

/** Node versions, oldest first: the floor of `engines`, then the newest of each line. */
export const NODE_VERSIONS = ['20.18.1', '20.20.2', '22.23.3', '24.21.0', '26.10.0'] as const;
export type NodeVersion = (typeof NODE_VERSIONS)[number];

export const PNPM = '12.21.0';
export const JEST = '30.5.2';
/** Optimizely's own SDK: the oldest and the newest of each line that is instrumented. */
export const OPTIMIZELY_SDKS = ['5.1.0', '5.4.1', '6.0.0', '6.6.1'] as const;
/** By the name under which consumers install it. 7 is the native compiler. */
export const TYPESCRIPTS = { 'typescript-6': '6.0.3', 'typescript-7': '7.0.2' } as const;
/** The frameworks of the README, and what their applications need beside them. */
export const README_PACKAGES = [
  'express@5.3.0',
  'fastify@5.12.8',
  '@nestjs/common@12.5.1',
  '@nestjs/core@12.5.1',
  '@nestjs/platform-express@12.5.1',
  'reflect-metadata@0.2.2',
  'rxjs@7.8.2',
  'next@16.4.6',
  'react@19.3.0',
  'react-dom@19.3.0',
  '@types/express@5.0.6',
  '@types/react@19',
] as const;
export const NODE_TYPES = '~20.19.43';

/** An SDK line, with what an application that uses it installs. */
export interface SdkLine {
  readonly name: string;
  readonly nodeVersions: readonly NodeVersion[];
  readonly dependencies: Readonly<Record<string, string>>;
  /** The packages of the line's `SpanProcessor` and `LogRecordProcessor`. */
  readonly types: Readonly<Record<string, string>>;
  /** Versions of optional peers of ours, where the newest in range is of the other line. */
  readonly peers: Readonly<Record<string, string>>;
}

export const SDK_LINES: readonly SdkLine[] = [
  {
    name: 'sdk-2',
    nodeVersions: NODE_VERSIONS,
    dependencies: { '@opentelemetry/api': '~1.9.1', '@opentelemetry/sdk-node': '0.223.0' },
    types: { '@opentelemetry/sdk-trace': '2.12.0', '@opentelemetry/sdk-logs': '0.223.0' },
    peers: { '@opentelemetry/instrumentation': '0.223.0' },
  },
  {
    name: 'sdk-3',
    nodeVersions: NODE_VERSIONS.filter(version => !version.startsWith('20.')),
    dependencies: { '@opentelemetry/api': '~1.10.0', '@opentelemetry/sdk-node': '0.301.0' },
    types: { '@opentelemetry/sdk-trace': '3.1.0', '@opentelemetry/sdk-logs': '3.1.0' },
    peers: { '@opentelemetry/instrumentation': '0.301.0' },
  },
];
