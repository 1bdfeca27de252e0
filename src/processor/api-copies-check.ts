// SPDX-License-Identifier: Apache-2.0
import { trace } from '@opentelemetry/api';
import type { PackageLogger } from '../model/logger.js';
import { fs, join } from '../util/builtins.js';
import { HERE } from '../util/here.js';

/** What the copies of the API share: the copy that registers first sets the version. */
interface SharedApi {
  readonly version: string;
  readonly trace?: unknown;
}

interface ApiCopy {
  /** Undefined if it can't be determined, as in a bundle. */
  readonly version?: string | undefined;
  readonly folder?: string | undefined;
}

const SHARED = Symbol.for('opentelemetry.js.api.1');
const SAID = Symbol.for('opentelemetry-exporter-optimizely.api-copies-said.v1');

const globals = globalThis as { [SHARED]?: SharedApi; [SAID]?: boolean };

/**
 * Warns, once a process, where a second copy of `@opentelemetry/api` makes spans no-ops. A copy can use what another
 * one has registered only if its own minor version is not the higher one, and can register only beside its very own
 * version; else its spans are no-ops and nothing says so.
 *
 * It looks three times at most: when the code that made the processor, and mostly starts the SDK too, has run; at the
 * first span; at the first event, when the application is loaded.
 */
export class ApiCopiesCheck {
  readonly #logger: PackageLogger;
  #spanSeen = false;
  #eventSeen = false;

  constructor(logger: PackageLogger) {
    this.#logger = logger;
    queueMicrotask(() => this.#look());
  }

  spanStarted(): void {
    if (this.#spanSeen) return;
    this.#spanSeen = true;
    this.#look();
  }

  eventRecorded(): void {
    if (this.#eventSeen) return;
    this.#eventSeen = true;
    this.#look();
  }

  #look(): void {
    try {
      const shared = globals[SHARED];
      if (shared === undefined || globals[SAID]) return;
      const problem =
        shared.trace === undefined ? this.#refusedRegistration(shared) : findBlindCopy(shared, shared.trace);
      if (problem === undefined) return;
      globals[SAID] = true;
      this.#logger.alert(
        'OPTIMIZELY_API_COPIES',
        'warn',
        `two copies of @opentelemetry/api: ${problem}; see that one is installed`,
      );
    } catch {
      // What can't be looked at can't be warned about.
    }
  }

  /** Not to be told from an SDK that has not started before there are events, nor where spans do reach us. */
  #refusedRegistration(shared: SharedApi): string | undefined {
    if (!this.#eventSeen || this.#spanSeen) return undefined;
    const copies = loadedCopies();
    const refused = copies.find(({ version }) => version !== undefined && version !== shared.version);
    if (refused === undefined) return undefined;
    return (
      `no tracer provider is registered, and none can be with ${describe(refused)}, because ` +
      `${describe(copyOf(shared.version, copies))} was used first, so all spans are no-ops`
    );
  }
}

function findBlindCopy(shared: SharedApi, registered: unknown): string | undefined {
  const own = trace.getTracerProvider() === registered ? undefined : ownCopy();
  const copies = loadedCopies();
  const blind =
    own ?? copies.find(({ version }) => version !== undefined && !canUse(version, shared.version));
  if (blind === undefined) return undefined;
  const consequence = own === undefined ? '' : ', and experiment events join none';
  return (
    `${describe(blind)} can't use what ${describe(copyOf(shared.version, copies))} has registered, ` +
    `so all spans made with it are no-ops${consequence}`
  );
}

/** The API's own rule, for versions from 1.0 on. */
function canUse(version: string, registered: string): boolean {
  const [major, minor = 0] = version.split('.').map(Number);
  const [registeredMajor, registeredMinor = 0] = registered.split('.').map(Number);
  return major === registeredMajor && minor <= registeredMinor;
}

/** Where two copies have the version, either may be it. */
function copyOf(version: string, copies: readonly ApiCopy[]): ApiCopy {
  const candidates = copies.filter(copy => copy.version === version);
  return candidates.length === 1 && candidates[0] !== undefined ? candidates[0] : { version };
}

function describe({ version, folder }: ApiCopy): string {
  if (version === undefined) return 'the copy that this package uses';
  return folder === undefined ? `version ${version}` : `version ${version} in ${folder}`;
}

function ownCopy(): ApiCopy {
  try {
    const [folder = ''] = foldersOf([requireFromHere().resolve('@opentelemetry/api')]);
    return readCopy(folder);
  } catch {
    return {};
  }
}

/** Those that were required, and up to API 1.9 imported ones too: ES modules leave no list. */
function loadedCopies(): ApiCopy[] {
  return foldersOf(Object.keys(requireFromHere().cache)).map(readCopy);
}

function requireFromHere(): NodeJS.Require {
  return process.getBuiltinModule('node:module').createRequire(HERE);
}

function foldersOf(paths: readonly string[]): string[] {
  const folders = paths.map(path => /^.*[\\/]@opentelemetry[\\/]api(?=[\\/])/.exec(path)?.[0]);
  return [...new Set(folders.filter(folder => folder !== undefined))];
}

function readCopy(folder: string): ApiCopy {
  try {
    const { version } = JSON.parse(fs.readFileSync(join(folder, 'package.json'), 'utf8')) as {
      version: string;
    };
    return { version, folder };
  } catch {
    return { folder };
  }
}
