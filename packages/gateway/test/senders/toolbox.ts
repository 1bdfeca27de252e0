// SPDX-License-Identifier: Apache-2.0
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const HERE = fileURLToPath(new URL('.', import.meta.url));
const CACHE = fileURLToPath(new URL('../../../../node_modules/.cache/gateway-senders', import.meta.url));

/** What a test needs that `npm ci` does not install: `npm run senders:install -- NAME …`. */
export interface Tool {
  readonly name: string;
  /** Another folder for other versions. */
  readonly folder: string;
  readonly isInstalled: boolean;
  /** @throws Error if a command of it fails */
  install(): void;
}

function makeTool(name: string, pinnedIn: readonly string[], install: (folder: string) => void): Tool {
  const pins = pinnedIn.map(file => readFileSync(join(HERE, file)));
  const folder = join(
    CACHE,
    `${name}-${createHash('sha256').update(Buffer.concat(pins)).digest('hex').slice(0, 12)}`,
  );
  const mark = join(folder, 'installed');
  return {
    name,
    folder,
    get isInstalled() {
      return existsSync(mark);
    },
    install() {
      if (existsSync(mark)) return;
      rmSync(folder, { recursive: true, force: true });
      mkdirSync(folder, { recursive: true });
      install(folder);
      writeFileSync(mark, '');
    },
  };
}

function run(cwd: string, command: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): void {
  const { status, error } = spawnSync(command, args, {
    cwd,
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, ...env },
  });
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${status}`);
}

const GO_ENVIRONMENT = { GOFLAGS: '-buildvcs=false' };

export const python = makeTool('python', ['python/requirements.txt'], folder => {
  run(folder, 'python3', ['-m', 'venv', '.']);
  run(folder, join(folder, 'bin/pip'), ['install', '-q', '-r', join(HERE, 'python/requirements.txt')]);
});

export const go = makeTool('go', ['go/go.mod', 'go/main.go', 'go/experiments/experiments.go'], folder => {
  run(join(HERE, 'go'), 'go', ['build', '-o', join(folder, 'sender'), '.'], GO_ENVIRONMENT);
});

const RUST_FILES = ['Cargo.toml', 'src/main.rs', 'src/experiments.rs'].map(name => `rust/${name}`);

export const rust = makeTool('rust', RUST_FILES, folder => {
  cpSync(join(HERE, 'rust'), folder, { recursive: true });
  run(folder, 'cargo', ['build', '--quiet']);
});

const JAVA_FILES = ['Experiments', 'OpenTelemetrySender', 'OptimizelySender'].map(
  name => `java/src/main/java/${name}.java`,
);

export const java = makeTool('java', ['java/pom.xml', ...JAVA_FILES], folder => {
  cpSync(join(HERE, 'java'), folder, { recursive: true });
  run(folder, 'mvn', ['-q', '-B', 'package']);
});

export const javascript3 = makeTool('javascript-3', ['js/sdk-3.json'], folder => {
  cpSync(join(HERE, 'js/sdk-3.json'), join(folder, 'package.json'));
  run(folder, 'npm', ['install', '--ignore-scripts', '--prefer-offline', '--no-audit', '--no-fund']);
});

/** Takes minutes. */
export const collector = makeTool('collector', ['collector/builder.yaml'], folder => {
  const builder = readFileSync(join(HERE, 'collector/builder.yaml'), 'utf8');
  const version = /^ {2}version: (.+)$/m.exec(builder)?.[1];
  run(folder, 'go', ['install', `go.opentelemetry.io/collector/cmd/builder@v${version}`], {
    ...GO_ENVIRONMENT,
    GOBIN: folder,
  });
  writeFileSync(join(folder, 'builder.yaml'), builder.replace(/^dist:$/m, 'dist:\n  output_path: ./build'));
  run(folder, join(folder, 'builder'), ['--config', 'builder.yaml'], GO_ENVIRONMENT);
});

/** Apache Kafka: the libraries are in `target/dependency`. */
export const kafka = makeTool('kafka', ['kafka/pom.xml'], folder => {
  cpSync(join(HERE, 'kafka'), folder, { recursive: true });
  run(folder, 'mvn', ['-q', '-B', 'dependency:copy-dependencies']);
});

export const TOOLS: readonly Tool[] = [python, go, java, rust, javascript3, collector, kafka];
