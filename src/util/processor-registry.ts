// SPDX-License-Identifier: Apache-2.0

import type { InstalledProcessor } from '../model/installed-processor.js';
import { isStackOverflow } from './guard.js';
import { sharedState } from './shared-state.js';

/** Processors that saw spans of one provider start, told by the resource that all its spans share; first come first. */
interface Claim {
  owners: readonly InstalledProcessor[];
}

interface Registry {
  installed: readonly InstalledProcessor[];
  readonly claims: WeakMap<object, Claim>;
}

const REGISTRY = Symbol.for('opentelemetry-exporter-optimizely.registry.v1');

const OWNERS = Symbol.for('opentelemetry-exporter-optimizely.span-owners.v1');

const INSTALLED_AS = Symbol.for('opentelemetry-exporter-optimizely.installed-as.v1');

type MarkedSpan = { [OWNERS]?: readonly InstalledProcessor[] | undefined };

const registry = sharedState(
  REGISTRY,
  (): Registry => ({ installed: [], claims: new WeakMap() }),
  () => (globalThis as { [REGISTRY]?: unknown })[REGISTRY],
);

export function installedProcessors(): readonly InstalledProcessor[] {
  return registry().installed;
}

/** What a span processor, of this copy of the package or another, is installed as. */
export function installedAs(processor: object): InstalledProcessor | undefined {
  return (processor as { readonly [INSTALLED_AS]?: InstalledProcessor })[INSTALLED_AS];
}

/**
 * The installed processors whose provider made the span; empty where all of those were shut down; undefined where none
 * did, or a broken span hides it.
 *
 * @throws RangeError where the stack has ended
 */
export function ownersOf(span: object): readonly InstalledProcessor[] | undefined {
  try {
    return readOwners(span);
  } catch (error) {
    if (isStackOverflow(error)) throw error;
    return undefined;
  }
}

function readOwners(span: object): readonly InstalledProcessor[] | undefined {
  const { installed, claims } = registry();
  const marked = (span as MarkedSpan)[OWNERS];
  if (marked !== undefined) return marked.filter(owner => installed.includes(owner));
  const resource = (span as { resource?: unknown }).resource;
  if (typeof resource !== 'object' || resource === null) return undefined;
  const owners = claims.get(resource)?.owners;
  // A span without a mark began when the resource had one claimant: the first.
  return owners !== undefined && owners.length > 1 ? owners.slice(0, 1) : owners;
}

/**
 * One processor's membership, from construction to shutdown. Telling owners apart costs a comparison a span: spans are
 * marked only when a resource is first seen and while two processors claim the same one.
 */
export class Installation {
  readonly #self: InstalledProcessor;
  readonly #claims = new Set<Claim>();
  #lastResource: object | undefined;
  #lastClaim: Claim = { owners: [] };
  #installed: boolean;
  /** The list before this processor that a span was marked with last, and the one with it. Spans share them. */
  #listBefore: readonly InstalledProcessor[] | undefined;
  #listWith: readonly InstalledProcessor[];

  /**
   * @param processor the object that people register, by which `installedAs` finds it
   * @param isInstalled whether it is a member at all
   */
  constructor(self: InstalledProcessor, processor: object, isInstalled: boolean) {
    this.#self = self;
    this.#installed = isInstalled;
    this.#listWith = [self];
    Reflect.defineProperty(processor, INSTALLED_AS, { __proto__: null, value: self } as PropertyDescriptor);
    if (!isInstalled) return;
    const known = registry();
    known.installed = [...known.installed, self];
  }

  /** From the processor's `onStart`. A broken span has no owner. */
  spanStarted(span: object): void {
    try {
      this.#readStart(span);
    } catch {
      // Its events reach every processor.
    }
  }

  #readStart(span: object): void {
    const resource: unknown = (span as { resource?: unknown }).resource;
    if (typeof resource !== 'object' || resource === null || !this.#installed) return;
    if (resource === this.#lastResource) {
      if (this.#lastClaim.owners.length > 1) this.#mark(span);
      else if (this.#listBefore !== undefined) this.#forgetLists();
      return;
    }
    this.#claim(span, resource);
  }

  #claim(span: object, resource: object): void {
    const { claims } = registry();
    let claim = claims.get(resource);
    if (claim === undefined) {
      claim = { owners: [] };
      claims.set(resource, claim);
    }
    this.#lastResource = resource;
    this.#lastClaim = claim;
    if (claim.owners.includes(this.#self)) {
      if (claim.owners.length > 1) this.#mark(span);
      return;
    }
    claim.owners = [...claim.owners, this.#self];
    this.#claims.add(claim);
    // The first span too: a second processor of the same provider marks it next, and must not be its only owner.
    this.#mark(span);
  }

  /** By assignment: defining a property that does not show costs ten times as much, and a list for each span, too. */
  #mark(span: MarkedSpan): void {
    const owners = span[OWNERS];
    if (owners !== this.#listBefore) {
      if (owners?.includes(this.#self)) return;
      this.#listWith = owners === undefined ? [this.#self] : [...owners, this.#self];
      this.#listBefore = owners;
    }
    span[OWNERS] = this.#listWith;
  }

  uninstall(): void {
    this.#installed = false;
    const known = registry();
    known.installed = known.installed.filter(processor => processor !== this.#self);
    for (const claim of this.#claims) claim.owners = claim.owners.filter(owner => owner !== this.#self);
    this.#claims.clear();
    this.#lastResource = undefined;
    this.#forgetLists();
  }

  /** They would keep the other processors in memory after their shutdown. */
  #forgetLists(): void {
    this.#listBefore = undefined;
    this.#listWith = [this.#self];
  }
}
