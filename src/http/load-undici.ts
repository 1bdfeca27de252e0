// SPDX-License-Identifier: Apache-2.0
import * as nodeModule from 'node:module';
import { errorLabel } from '../util/error-label.js';
import { HERE } from '../util/here.js';
import { areTimersObjects } from '../util/system-timers.js';

export type Undici = typeof import('undici');

/** undici, or why there is none. */
export type Loaded = { readonly undici: Undici } | { readonly unavailable: string };

/** A module that has a memory and nothing else. */
const WITH_MEMORY = new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0, 5, 3, 1, 0, 1]);

/**
 * Loads undici where it can run. It calls methods of its timers, from within them, where what is thrown ends the process: in
 * a simulated browser (jsdom) timers are numbers. Its parser is WebAssembly, whose memory takes 10 GB of address space. Where that is not
 * to be had (`ulimit -v`, `--jitless`), to load undici also loads the one that is part of Node, which ends the process by
 * an error that cannot be caught. It names its errors by assignment, which throws where `Error.prototype` is frozen: what
 * ends a connection then ends the process.
 */
export async function loadUndici(): Promise<Loaded> {
  if (!areTimersObjects()) return { unavailable: 'setTimeout() returns numbers, as browsers have it' };
  const cause = whyNoWebAssembly();
  if (cause !== undefined) return { unavailable: `WebAssembly cannot run: ${cause}` };
  let failure = 'it has no Agent';
  // Where code runs without an ES module loader, as under Jest, `import()` fails. By the namespace: webpack warns of a
  // `createRequire` that it can't follow.
  for (const load of [() => import('undici'), () => nodeModule.createRequire(HERE)('undici') as unknown]) {
    try {
      const undici = unwrap(await load());
      if (undici === undefined) continue;
      return hasErrors(undici)
        ? { undici }
        : { unavailable: 'it cannot make errors: Error.prototype is frozen' };
    } catch (error) {
      failure = errorLabel(error);
    }
  }
  return { unavailable: `it cannot be loaded: ${failure}` };
}

/** Bundlers may give a CommonJS package a namespace that has nothing but `default`. */
function unwrap(loaded: unknown): Undici | undefined {
  const namespace = loaded as Partial<Undici> & { default?: Undici };
  const undici = namespace.Agent === undefined ? namespace.default : (namespace as Undici);
  return typeof undici?.Agent === 'function' ? undici : undefined;
}

function hasErrors({ errors }: Undici): boolean {
  try {
    // Without a message it assigns one, too.
    return new errors.ClientDestroyedError() instanceof Error;
  } catch {
    return false;
  }
}

function whyNoWebAssembly(): string | undefined {
  const { WebAssembly } = globalThis as { WebAssembly?: WebAssemblyLike };
  if (WebAssembly === undefined) return 'it is turned off';
  try {
    const module = new WebAssembly.Module(WITH_MEMORY);
    // Both at once: one for our undici, one for Node's.
    const instances = [new WebAssembly.Instance(module), new WebAssembly.Instance(module)];
    return instances.length === 2 ? undefined : 'no instance';
  } catch (error) {
    return errorLabel(error);
  }
}

/** What TypeScript's types for Node leave out. */
interface WebAssemblyLike {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object) => object;
}
