// SPDX-License-Identifier: Apache-2.0
import type { PreparedConfig } from '../model/engine.js';
import type { GatewayConfig, ProjectConfig } from '../model/gateway-config.js';
import type { FullReason } from '../model/receipt.js';
import { Project, type ProjectDependencies } from './project.js';

type OwnDependencies = Omit<ProjectDependencies, 'ackTimeoutMillis' | 'projects' | 'kept'>;

/** The projects by name, and which of them a request is for. */
export class Projects {
  readonly #dependencies: (name: string) => OwnDependencies;
  #config: GatewayConfig = { projects: {} };
  #byName: ReadonlyMap<string, Project> = new Map();
  readonly #ending = new Set<Promise<void>>();

  /** @param dependencies of the project of that name */
  constructor(dependencies: (name: string) => OwnDependencies) {
    this.#dependencies = dependencies;
  }

  all(): readonly Project[] {
    return [...this.#byName.values()];
  }

  /** @returns undefined if one of them has room for another request of this sender */
  whyFull(sender: string): FullReason | undefined {
    let why: FullReason | undefined;
    for (const project of this.#byName.values()) {
      const reason = project.whyFull(sender);
      if (reason === undefined) return undefined;
      why ??= reason;
    }
    return why;
  }

  /** @param name as the sender gave it; undefined for the default project */
  find(name: string | undefined): Project | undefined {
    const { defaultProject, projects } = this.#config;
    const names = Object.keys(projects);
    const wanted = name ?? defaultProject ?? (names.length === 1 ? names[0] : undefined);
    return wanted === undefined ? undefined : this.#byName.get(wanted);
  }

  /**
   * The project that batches with this id of Optimizely's belong to. Several may have it, one for each environment: the one
   * that the sender names goes first, then the default.
   */
  findById(projectId: string, name: string | undefined): Project | undefined {
    const candidates = [this.find(name), this.find(undefined), ...this.all()];
    return candidates.find(project => project?.projectId === projectId);
  }

  /**
   * @returns a promise that resolves when the projects that were replaced or removed have ended
   * @throws TypeError if an option can't be used; nothing has changed then
   */
  configure(config: GatewayConfig): Promise<void> {
    return this.prepare(config).takeOver();
  }

  /** @throws TypeError if an option can't be used */
  prepare(config: GatewayConfig): PreparedConfig {
    const { ackTimeoutMillis } = config;
    const isSameTimeout = ackTimeoutMillis === this.#config.ackTimeoutMillis;
    const shared = {
      ackTimeoutMillis,
      projects: Object.keys(config.projects).length,
      kept: this.all().map(({ kept }) => kept),
    };
    const next = new Map<string, Project>();
    const made: Project[] = [];
    const discard = () => {
      for (const project of made) void project.end();
    };
    try {
      for (const [name, project] of Object.entries(config.projects)) {
        const before = this.#byName.get(name);
        if (before !== undefined && isSameTimeout && isSame(before.config, project)) next.set(name, before);
        else {
          const fresh = new Project(name, project, { ...this.#dependencies(name), ...shared });
          made.push(fresh);
          next.set(name, fresh);
        }
      }
    } catch (error) {
      discard();
      throw error;
    }
    return { takeOver: () => this.#takeOver(next, config), discard };
  }

  #takeOver(next: ReadonlyMap<string, Project>, config: GatewayConfig): Promise<void> {
    const replaced = this.all().filter(project => next.get(project.name) !== project);
    this.#byName = next;
    this.#config = config;
    return Promise.all(replaced.map(project => this.#end(project))).then(() => {});
  }

  /** Ends all, and waits for those that were replaced and are still at it. */
  async end(): Promise<void> {
    for (const project of this.all()) void this.#end(project);
    await Promise.all(this.#ending);
  }

  #end(project: Project): Promise<void> {
    const ended: Promise<void> = project.end().finally(() => this.#ending.delete(ended));
    this.#ending.add(ended);
    return ended;
  }
}

function isSame(a: ProjectConfig, b: ProjectConfig): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
