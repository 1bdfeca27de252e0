// SPDX-License-Identifier: Apache-2.0
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Child } from '../../../../test/support/child.js';
import { go, java, javascript3, python, rust, type Tool } from './toolbox.js';

const HERE = fileURLToPath(new URL('.', import.meta.url));
const DATAFILE = join(HERE, 'datafile.json');

/** A program in one language with its real SDK. */
export interface SenderProgram {
  /** As the users of its events are named. */
  readonly language: string;
  readonly title: string;
  /** What it needs; undefined if nothing that is not here anyway. */
  readonly tool: Tool | undefined;
  command(): {
    readonly command: string;
    readonly args: readonly string[];
    readonly env?: Record<string, string>;
  };
}

/** @throws Error with what it said, if it did not end well */
export async function runSender(
  { command: describe }: SenderProgram,
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<void> {
  const { command, args: first, env: own } = describe();
  const child = new Child(command, [...first, ...args], { ...own, ...env });
  const { code } = await child.ended;
  if (code !== 0) throw new Error(`${command} ended with ${code}\n${child.stderr}`);
}

const inPython = (file: string) => ({
  command: join(python.folder, 'bin/python'),
  args: [join(HERE, 'python', file)],
  env: { PYTHONDONTWRITEBYTECODE: '1' },
});
const inJava = (main: string) => ({
  command: 'java',
  args: ['-cp', `${java.folder}/target/classes:${java.folder}/target/dependency/*`, main],
});

/** Arguments: COUNT. They read OTEL_EXPORTER_OTLP_ENDPOINT. */
export const OPENTELEMETRY_SENDERS: readonly SenderProgram[] = [
  ...(['proto', 'http'] as const).flatMap((encoding): SenderProgram[] => [
    {
      language: 'js',
      title: `JavaScript SDK 2.x, ${encoding === 'proto' ? 'protobuf' : 'JSON'}`,
      tool: undefined,
      command: () => ({
        command: process.execPath,
        args: [join(HERE, 'js/opentelemetry-sender.mjs'), encoding, fileURLToPath(import.meta.url)],
      }),
    },
    {
      language: 'js',
      title: `JavaScript SDK 3.x, ${encoding === 'proto' ? 'protobuf' : 'JSON'}`,
      tool: javascript3,
      command: () => ({
        command: join(javascript3.folder, 'node_modules/node-24/bin/node'),
        args: [join(HERE, 'js/opentelemetry-sender.mjs'), encoding, join(javascript3.folder, 'package.json')],
      }),
    },
  ]),
  {
    language: 'python',
    title: 'Python SDK',
    tool: python,
    command: () => inPython('opentelemetry_sender.py'),
  },
  {
    language: 'go',
    title: 'Go SDK',
    tool: go,
    command: () => ({ command: join(go.folder, 'sender'), args: [] }),
  },
  { language: 'java', title: 'Java SDK', tool: java, command: () => inJava('OpenTelemetrySender') },
  {
    language: 'rust',
    title: 'Rust SDK',
    tool: rust,
    command: () => ({ command: join(rust.folder, 'target/debug/sender'), args: [] }),
  },
];

/** Arguments: DATAFILE COUNT URL …; they send the same bytes to every URL. */
export const OPTIMIZELY_SENDERS: readonly SenderProgram[] = [
  ...(['@optimizely/optimizely-sdk', 'optimizely-sdk-5'] as const).map(
    (name): SenderProgram => ({
      language: name,
      title: `JavaScript SDK ${name.endsWith('5') ? 5 : 6}`,
      tool: undefined,
      command: () => ({ command: process.execPath, args: [join(HERE, 'js/optimizely-sender.mjs'), name] }),
    }),
  ),
  { language: 'python', title: 'Python SDK', tool: python, command: () => inPython('optimizely_sender.py') },
  { language: 'java', title: 'Java SDK', tool: java, command: () => inJava('OptimizelySender') },
];

export { DATAFILE };
