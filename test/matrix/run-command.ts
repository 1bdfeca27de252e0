// SPDX-License-Identifier: Apache-2.0
import { type ChildProcess, spawn } from 'node:child_process';

export interface CommandOptions {
  readonly cwd: string;
  /** Comes first in PATH, so that what starts `node` starts this one. */
  readonly nodeFolder?: string | undefined;
  readonly env?: Readonly<Record<string, string>>;
  readonly timeoutMillis: number;
}

export interface Output {
  readonly stdout: string;
  readonly stderr: string;
}

const running = new Set<ChildProcess>();
process.on('exit', () => running.forEach(killGroup));

/** @throws (rejects) Error with all that the command said: it did not end by itself with code 0 and in time */
export function runCommand(
  command: string,
  args: readonly string[],
  { cwd, nodeFolder, env, timeoutMillis }: CommandOptions,
): Promise<Output> {
  const child = spawn(command, args, {
    cwd,
    env: { ...environment(nodeFolder), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    // Leads a group of its own, so that what it started can be ended with it.
    detached: true,
  });
  running.add(child);
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', text => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', text => {
    stderr += text;
  });
  return new Promise((resolve, reject) => {
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      killGroup(child);
    }, timeoutMillis);
    child.on('error', error => {
      running.delete(child);
      clearTimeout(timer);
      reject(error);
    });
    child.on('close', (code, signal) => {
      running.delete(child);
      clearTimeout(timer);
      if (code === 0) return resolve({ stdout, stderr });
      const ending = late ? `did not end within ${timeoutMillis / 1_000} s` : `ended with ${code ?? signal}`;
      reject(new Error(`${[command, ...args].join(' ')}: ${ending}\n${stdout}${stderr}`));
    });
  });
}

function killGroup({ pid }: ChildProcess): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL');
  } catch {
    // It has just ended.
  }
}

/** What npm says to its scripts is about the package that we run from; but for these, which are about the machine. */
const NPM_OF_THE_MACHINE =
  /^npm_config_(cache|cafile|globalconfig|userconfig|registry|(https?_?)?proxy|noproxy)$/i;
const OF_THE_CONSUMERS = /^(npm_|NODE_|OTEL_|OPTIMIZELY_)/i;

function environment(nodeFolder: string | undefined): Record<string, string> {
  const env: Record<string, string> = {};
  for (const [name, value] of Object.entries(process.env)) {
    if (value === undefined) continue;
    if (!OF_THE_CONSUMERS.test(name) || NPM_OF_THE_MACHINE.test(name) || name === 'NODE_EXTRA_CA_CERTS')
      env[name] = value;
  }
  env.PATH = [nodeFolder, env.PATH].filter(Boolean).join(':');
  // NodeSDK's own exporters would look for a collector.
  return { ...env, OTEL_METRICS_EXPORTER: 'none', OTEL_LOGS_EXPORTER: 'none', CI: 'true' };
}
