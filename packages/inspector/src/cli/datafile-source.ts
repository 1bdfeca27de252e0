// SPDX-License-Identifier: Apache-2.0
import { readFileSync, unwatchFile, watchFile } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PollingProjectConfigManager } from 'opentelemetry-exporter-optimizely';
import { decodeText } from 'opentelemetry-exporter-optimizely/testing';
import { type Project, readProject } from '../inspection/project.js';
import { viewProject } from '../view/project.js';
import type { DatafileState } from '../view/types.js';
import { CommandError } from './command-error.js';
import { SAMPLE_FOLDER } from './sample-folder.js';

const WATCHED_MILLIS = 500;

export interface DatafileOptions {
  readonly datafile: string | undefined;
  readonly sdkKey: string | undefined;
  /** Whether to take the one that this package ships. */
  readonly sample?: boolean | undefined;
}

/** The datafile that events are checked against, and how it is with it. */
export class DatafileSource {
  #project: Project | undefined;
  #text: string | undefined;
  #state: DatafileState = { state: 'none' };
  #changed: () => void = () => {};
  #stop: () => unknown = () => {};
  #manager: PollingProjectConfigManager | undefined;

  /** @throws CommandError two sources, or a file that can't be used */
  constructor({ datafile, sdkKey, sample = false }: DatafileOptions) {
    const sources = [
      datafile !== undefined && '--datafile',
      sdkKey !== undefined && '--sdk-key',
      sample && '--sample',
    ];
    const [first, second] = sources.filter(name => name !== false);
    if (second !== undefined) throw new CommandError(`${first} and ${second} exclude each other`, 2);
    if (datafile !== undefined) this.#readFile(datafile);
    if (sample) this.#readFile(fileURLToPath(new URL('sample.json', SAMPLE_FOLDER)));
    if (sdkKey !== undefined) this.#fetch(sdkKey);
  }

  get project(): Project | undefined {
    return this.#project;
  }

  /** As it was given. */
  get text(): string | undefined {
    return this.#text;
  }

  get state(): DatafileState {
    return this.#state;
  }

  onChange(listener: () => void): void {
    this.#changed = listener;
  }

  /** Reads a file again whenever it changes. */
  watch(path: string | undefined): void {
    if (path === undefined) return;
    watchFile(path, { interval: WATCHED_MILLIS, persistent: false }, () =>
      this.#take(path, () => decodeText(readFileSync(path))),
    );
    this.#stop = () => unwatchFile(path);
  }

  /** Waits for a datafile that is fetched, for a while. */
  async ready(): Promise<void> {
    await this.#manager?.onReady();
  }

  async stop(): Promise<void> {
    await this.#stop();
  }

  #readFile(path: string): void {
    this.#take(path, () => decodeText(readFileSync(path)));
    if (this.#state.state !== 'in force') throw new CommandError(`${path}: ${messageOf(this.#state)}`, 1);
  }

  #fetch(sdkKey: string): void {
    const source = 'the SDK key';
    this.#state = { state: 'waiting', source, message: 'it is being fetched' };
    const failed = (message: string) => this.#failed(source, message);
    this.#manager = new PollingProjectConfigManager({
      sdkKey,
      datafileAccessToken: process.env.OPTIMIZELY_DATAFILE_ACCESS_TOKEN || undefined,
      urlTemplate: process.env.OPTIMIZELY_DATAFILE_URL_TEMPLATE || undefined,
      // A cache is told every datafile as text, which is what the checks need.
      cache: { get: () => undefined, set: (_key, text) => this.#take(source, () => text) },
      logger: { error: failed, warn: failed, info: () => {}, debug: () => {} },
    });
    const manager = this.#manager;
    this.#stop = () => manager.stop();
  }

  #take(path: string, read: () => string): void {
    const source = basename(path);
    try {
      const text = read();
      if (text === this.#text) return;
      this.#project = readProject(text);
      this.#text = text;
      this.#state = {
        state: 'in force',
        source,
        revision: this.#project.names.revision,
        project: viewProject(this.#project),
      };
      this.#changed();
    } catch (error) {
      const unread = (error as NodeJS.ErrnoException).code;
      this.#failed(source, unread === undefined ? (error as Error).message : `it can't be read (${unread})`);
    }
  }

  /** What was in force stays so. */
  #failed(source: string, message: string): void {
    const before = this.#state;
    this.#state =
      before.state === 'in force' ? { ...before, message } : { state: 'unusable', source, message };
    this.#changed();
  }
}

function messageOf(state: DatafileState): string {
  return 'message' in state ? (state.message ?? '') : '';
}
